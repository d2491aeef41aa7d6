//! The units of UCUM that clinical quantities use, as exact factors, <https://ucum.org/ucum>.
//!
//! Units on another scale than a ratio scale (degrees Celsius, pH) and arbitrary ones compare only with themselves.
//! A unit that is not in the table is unknown, and compares with its own code only.

use std::cmp::Ordering;

use crate::Decimal;

/// How deep parentheses may go.
const MAX_DEPTH: u32 = 8;

/// A unit as a factor of base units: `numerator / denominator`, of dimensions with exponents.
#[derive(Clone, Debug)]
pub struct Measure {
    numerator: Decimal,
    denominator: Decimal,
    dimensions: Vec<(&'static str, i32)>,
}

impl Measure {
    /// The unit with this UCUM code, if it is known.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let mut rest = code;
        let measure = term(&mut rest, 0)?;
        rest.is_empty().then_some(measure)
    }

    /// A unit outside UCUM: that many of `dimension`.
    pub(crate) fn named(dimension: &'static str, factor: i64) -> Self {
        Self { numerator: Decimal::from(factor), ..Self::one(vec![(dimension, 1)]) }
    }

    pub(crate) fn same_dimension(&self, other: &Self) -> bool {
        self.dimensions == other.dimensions
    }

    pub(crate) fn is_larger_than(&self, other: &Self) -> bool {
        match (self.numerator.checked_mul(other.denominator), other.numerator.checked_mul(self.denominator)) {
            (Some(ours), Some(theirs)) => ours > theirs,
            _ => self.numerator > other.numerator,
        }
    }

    /// How that many of this unit and that many of the other compare; `None` for different dimensions.
    pub(crate) fn compare(&self, value: Decimal, other: &Self, other_value: Decimal) -> Option<Ordering> {
        if !self.same_dimension(other) {
            return None;
        }
        let ours = value.checked_mul(self.numerator)?.checked_mul(other.denominator)?;
        let theirs = other_value.checked_mul(other.numerator)?.checked_mul(self.denominator)?;
        Some(ours.cmp(&theirs))
    }

    /// That many of this unit as a number of the other; `None` for different dimensions.
    pub(crate) fn convert(&self, value: Decimal, to: &Self) -> Option<Decimal> {
        if !self.same_dimension(to) {
            return None;
        }
        let dividend = value.checked_mul(self.numerator)?.checked_mul(to.denominator)?;
        dividend.checked_div(self.denominator.checked_mul(to.numerator)?)
    }

    /// What it measures, as the base units and their exponents: `g1.m-3`. Units that can be compared have the same.
    #[must_use]
    pub fn dimension(&self) -> String {
        let factors: Vec<_> =
            self.dimensions.iter().map(|(unit, exponent)| format!("{unit}{exponent}")).collect();
        factors.join(".")
    }

    /// That many of this unit in base units; `None` when the number would be too long.
    #[must_use]
    pub fn in_base_units(&self, value: Decimal) -> Option<Decimal> {
        let product = value.checked_mul(self.numerator)?;
        // A quotient is rounded, a product is not.
        if self.denominator == Decimal::from(1) {
            Some(product)
        } else {
            product.checked_div(self.denominator)
        }
    }

    fn one(dimensions: Vec<(&'static str, i32)>) -> Self {
        Self { numerator: Decimal::from(1), denominator: Decimal::from(1), dimensions }
    }

    fn multiplied(mut self, other: &Self) -> Option<Self> {
        self.numerator = self.numerator.checked_mul(other.numerator)?.normalized();
        self.denominator = self.denominator.checked_mul(other.denominator)?.normalized();
        for (dimension, exponent) in &other.dimensions {
            match self.dimensions.iter_mut().find(|(ours, _)| ours == dimension) {
                Some((_, ours)) => *ours += exponent,
                None => self.dimensions.push((dimension, *exponent)),
            }
        }
        self.dimensions.retain(|(_, exponent)| *exponent != 0);
        self.dimensions.sort_unstable();
        Some(self)
    }

    fn inverted(mut self) -> Self {
        std::mem::swap(&mut self.numerator, &mut self.denominator);
        for (_, exponent) in &mut self.dimensions {
            *exponent = -*exponent;
        }
        self
    }

    fn raised(self, exponent: i32) -> Option<Self> {
        let base = if exponent < 0 { self.inverted() } else { self };
        let mut result = Self::one(Vec::new());
        for _ in 0..exponent.unsigned_abs() {
            result = result.multiplied(&base)?;
        }
        Some(result)
    }
}

fn term(rest: &mut &str, depth: u32) -> Option<Measure> {
    let mut measure = Measure::one(Vec::new());
    let mut inverse = take(rest, '/');
    loop {
        let factor = component(rest, depth)?;
        measure = measure.multiplied(&if inverse { factor.inverted() } else { factor })?;
        inverse = match rest.chars().next() {
            Some('.') => false,
            Some('/') => true,
            _ => return Some(measure),
        };
        *rest = &rest[1..];
    }
}

fn component(rest: &mut &str, depth: u32) -> Option<Measure> {
    if take(rest, '(') {
        if depth >= MAX_DEPTH {
            return None;
        }
        let inner = term(rest, depth + 1)?;
        return take(rest, ')').then_some(inner);
    }
    let annotated = |rest: &mut &str| -> Option<()> {
        if rest.starts_with('{') {
            *rest = &rest[rest.find('}')? + 1..];
        }
        Some(())
    };
    if rest.starts_with('{') {
        annotated(rest)?;
        return Some(Measure::one(Vec::new()));
    }
    let mut brackets = 0_i32;
    let end = rest
        .find(|c| {
            brackets += i32::from(c == '[') - i32::from(c == ']');
            brackets <= 0 && matches!(c, '.' | '/' | '(' | ')' | '{')
        })
        .unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    annotated(rest)?;
    simple(text)
}

/// A factor, or a unit with a prefix and an exponent.
fn simple(text: &str) -> Option<Measure> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let factor = Decimal::parse(text).filter(|factor| !factor.is_zero())?;
        return Some(Measure { numerator: factor, ..Measure::one(Vec::new()) });
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let unit = if digits.len() < text.len() { digits.trim_end_matches(['+', '-']) } else { text };
    let exponent = match &text[unit.len()..] {
        "" => 1,
        exponent => exponent.parse::<i32>().ok().filter(|e| e.unsigned_abs() <= 30)?,
    };
    if let Some(measure) = atom(unit, false) {
        return measure.raised(exponent);
    }
    let (_, power, rest) =
        PREFIXES.iter().find_map(|(prefix, power)| Some((prefix, power, unit.strip_prefix(prefix)?)))?;
    let prefix = Measure { numerator: Decimal::parse(&format!("1e{power}"))?, ..Measure::one(Vec::new()) };
    atom(rest, true)?.multiplied(&prefix)?.raised(exponent)
}

fn atom(code: &str, prefixed: bool) -> Option<Measure> {
    let (_, metric, numerator, denominator, dimensions) = ATOMS.iter().find(|(atom, ..)| *atom == code)?;
    if prefixed && !metric {
        return None;
    }
    let mut dimensions = dimensions.to_vec();
    dimensions.sort_unstable();
    Some(Measure {
        numerator: Decimal::parse(numerator)?,
        denominator: Decimal::parse(denominator)?,
        dimensions,
    })
}

fn take(rest: &mut &str, c: char) -> bool {
    match rest.strip_prefix(c) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}

const PREFIXES: [(&str, i32); 20] = [
    ("da", 1),
    ("Y", 24),
    ("Z", 21),
    ("E", 18),
    ("P", 15),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
    ("z", -21),
    ("y", -24),
];

/// Code, whether it takes prefixes, and the factor as numerator and denominator of these dimensions.
type Atom = (&'static str, bool, &'static str, &'static str, &'static [(&'static str, i32)]);

const FORCE: &[(&str, i32)] = &[("g", 1), ("m", 1), ("s", -2)];
const PRESSURE: &[(&str, i32)] = &[("g", 1), ("m", -1), ("s", -2)];
const ENERGY: &[(&str, i32)] = &[("g", 1), ("m", 2), ("s", -2)];
const VOLUME: &[(&str, i32)] = &[("m", 3)];
const LENGTH: &[(&str, i32)] = &[("m", 1)];
const MASS: &[(&str, i32)] = &[("g", 1)];
const TIME: &[(&str, i32)] = &[("s", 1)];
const AMOUNT: &[(&str, i32)] = &[("mol", 1)];

const ATOMS: &[Atom] = &[
    ("1", false, "1", "1", &[]),
    ("%", false, "1", "100", &[]),
    ("[ppth]", false, "1", "1000", &[]),
    ("[ppm]", false, "1", "1000000", &[]),
    ("[ppb]", false, "1", "1000000000", &[]),
    ("10*", false, "10", "1", &[]),
    ("10^", false, "10", "1", &[]),
    ("m", true, "1", "1", LENGTH),
    ("[in_i]", false, "0.0254", "1", LENGTH),
    ("[ft_i]", false, "0.3048", "1", LENGTH),
    ("[yd_i]", false, "0.9144", "1", LENGTH),
    ("[mi_i]", false, "1609.344", "1", LENGTH),
    ("g", true, "1", "1", MASS),
    ("t", true, "1000000", "1", MASS),
    ("[gr]", false, "0.06479891", "1", MASS),
    ("[oz_av]", false, "28.349523125", "1", MASS),
    ("[lb_av]", false, "453.59237", "1", MASS),
    ("[stone_av]", false, "6350.29318", "1", MASS),
    ("s", true, "1", "1", TIME),
    ("min", false, "60", "1", TIME),
    ("h", false, "3600", "1", TIME),
    ("d", false, "86400", "1", TIME),
    ("wk", false, "604800", "1", TIME),
    ("mo", false, "2629800", "1", TIME),
    ("a", false, "31557600", "1", TIME),
    ("l", true, "0.001", "1", VOLUME),
    ("L", true, "0.001", "1", VOLUME),
    ("[foz_us]", false, "0.0000295735295625", "1", VOLUME),
    ("[foz_br]", false, "0.0000284130625", "1", VOLUME),
    ("[pt_us]", false, "0.000473176473", "1", VOLUME),
    ("[pt_br]", false, "0.00056826125", "1", VOLUME),
    ("[gal_us]", false, "0.003785411784", "1", VOLUME),
    ("[gal_br]", false, "0.00454609", "1", VOLUME),
    ("N", true, "1000", "1", FORCE),
    ("Pa", true, "1000", "1", PRESSURE),
    ("bar", true, "100000000", "1", PRESSURE),
    ("m[Hg]", true, "133322000", "1", PRESSURE),
    ("m[H2O]", true, "9806650", "1", PRESSURE),
    ("J", true, "1000", "1", ENERGY),
    ("cal", true, "4184", "1", ENERGY),
    ("[Cal]", false, "4184000", "1", ENERGY),
    ("W", true, "1000", "1", &[("g", 1), ("m", 2), ("s", -3)]),
    ("Hz", true, "1", "1", &[("s", -1)]),
    ("Bq", true, "1", "1", &[("s", -1)]),
    ("Gy", true, "1", "1", &[("m", 2), ("s", -2)]),
    ("Sv", true, "1", "1", &[("m", 2), ("s", -2)]),
    ("C", true, "1", "1", &[("C", 1)]),
    ("A", true, "1", "1", &[("C", 1), ("s", -1)]),
    ("V", true, "1000", "1", &[("C", -1), ("g", 1), ("m", 2), ("s", -2)]),
    ("Ohm", true, "1000", "1", &[("C", -2), ("g", 1), ("m", 2), ("s", -1)]),
    ("cd", true, "1", "1", &[("cd", 1)]),
    ("K", true, "1", "1", &[("K", 1)]),
    ("rad", true, "1", "1", &[("rad", 1)]),
    ("deg", false, "1", "1", &[("deg", 1)]),
    ("mol", true, "1", "1", AMOUNT),
    ("eq", true, "1", "1", AMOUNT),
    ("osm", true, "1", "1", &[("osm", 1)]),
    ("kat", true, "1", "1", &[("mol", 1), ("s", -1)]),
    ("U", true, "0.000001", "60", &[("mol", 1), ("s", -1)]),
    ("[iU]", true, "1", "1", &[("[iU]", 1)]),
    ("[IU]", true, "1", "1", &[("[iU]", 1)]),
    ("[arb'U]", false, "1", "1", &[("[arb'U]", 1)]),
    ("[drp]", false, "1", "1", &[("[drp]", 1)]),
    ("[pH]", false, "1", "1", &[("[pH]", 1)]),
    ("Cel", true, "1", "1", &[("Cel", 1)]),
    ("[degF]", false, "1", "1", &[("[degF]", 1)]),
    ("dB", false, "1", "1", &[("dB", 1)]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_what_they_measure() {
        for (a, b) in [
            ("mm[Hg]", "kPa"),
            ("mmol/L", "umol/dL"),
            ("kg.m/s2", "N"),
            ("10*9/L", "/nL"),
            ("mL/min/{1.73_m2}", "L/h"),
            ("m[Hg]", "Pa"),
            ("{score}", "1"),
            ("dag", "g"),
            ("kg/(m.s2)", "Pa"),
            ("s-1", "Hz"),
            ("[iU]/L", "k[iU]/mL"),
        ] {
            let (a, b) = (Measure::parse(a).expect(a), Measure::parse(b).expect(b));
            assert!(a.same_dimension(&b), "{a:?} {b:?}");
        }
        for unknown in
            ["", "[s]", "furlong", "kmin", "m.", "(m", "m)", "{", "m99", "[", "é", "((((((((((m))))))))))"]
        {
            assert!(Measure::parse(unknown).is_none(), "{unknown}");
        }
    }
}
