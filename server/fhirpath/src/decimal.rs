//! Exact decimals of up to 38 digits, <https://hl7.org/fhirpath/N1/#decimal>.
//!
//! Sums, products and comparisons are exact or fail; only quotients and transcendental functions round.
//! It does not keep an exponent: `1e3` is the number 1000.

use std::{cmp::Ordering, fmt};

mod boundary;

/// Digits after the point that a quotient is computed to.
const QUOTIENT_SCALE: u32 = 20;
/// More places than this are not kept apart from zero.
const MAX_SCALE: u32 = 38;

/// A decimal: `mantissa / 10^scale`. Equality and order are those of the number, so 1.0 equals 1.00.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

impl Decimal {
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// The number that this text is, in JSON's form (a sign, digits, a point, an exponent); `None` when it is none, or too long.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match digits.as_bytes().first()? {
            b'-' => (true, &digits[1..]),
            b'+' => (false, &digits[1..]),
            _ => (false, digits),
        };
        let (whole, fraction) = digits.split_once('.').map_or((digits, ""), |(w, f)| (w, f));
        if whole.is_empty() || (fraction.is_empty() && digits.contains('.')) {
            return None;
        }
        let mut mantissa: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        }
        if negative {
            mantissa = -mantissa;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(scale) {
            Ok(scale) if scale <= MAX_SCALE => Some(Self { mantissa, scale }),
            Ok(_) => None,
            Err(_) => {
                let mantissa = mantissa.checked_mul(power_of_ten(scale.unsigned_abs())?)?;
                Some(Self { mantissa, scale: 0 })
            }
        }
    }

    /// The nearest decimal of 15 significant digits, as the result of a transcendental function.
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        Self::parse(&format!("{number:.14e}")).map(Self::normalized)
    }

    /// The nearest binary number.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The digits after the point, as written.
    #[must_use]
    pub fn scale(self) -> u32 {
        self.scale
    }

    #[must_use]
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The integer that it is, if it is one.
    #[must_use]
    pub fn to_integer(self) -> Option<i64> {
        let whole = self.truncated();
        (whole == self).then(|| i64::try_from(whole.mantissa).ok())?
    }

    /// Without zeros at the end of its fraction.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self { mantissa: self.mantissa.saturating_neg(), ..self }
    }

    #[must_use]
    pub fn absolute(self) -> Self {
        Self { mantissa: self.mantissa.saturating_abs(), ..self }
    }

    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Self::checked(self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?, scale)
    }

    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated())
    }

    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let (a, b) = match self.mantissa.checked_mul(other.mantissa) {
            Some(_) => (self, other),
            None => (self.normalized(), other.normalized()),
        };
        let product = Self::checked(a.mantissa.checked_mul(b.mantissa)?, a.scale + b.scale)?;
        if product.scale > MAX_SCALE { product.rounded(MAX_SCALE) } else { Some(product) }
    }

    /// The quotient, rounded half up after 20 places or as many as fit; `None` for division by zero.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        if other.mantissa == 0 {
            return None;
        }
        let (a, b) = (self.normalized(), other.normalized());
        for places in (0..=QUOTIENT_SCALE).rev() {
            // a / b = (am / bm) * 10^(bs - as); the digits are those of am * 10^(places + bs - as) / bm.
            let shift = i64::from(places) + i64::from(b.scale) - i64::from(a.scale);
            let scaled = if shift >= 0 {
                power_of_ten(u32::try_from(shift).ok()?).and_then(|p| a.mantissa.checked_mul(p))
            } else {
                power_of_ten(u32::try_from(-shift).ok()?).map(|p| a.mantissa / p)
            };
            if let Some(scaled) = scaled {
                return Some(
                    Self { mantissa: divide_half_up(scaled, b.mantissa), scale: places }.normalized(),
                );
            }
        }
        None
    }

    /// The whole part of the quotient; `None` for division by zero.
    #[must_use]
    pub fn checked_div_whole(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let mantissa = self.at_scale(scale)?.checked_div(other.at_scale(scale)?)?;
        Some(Self { mantissa, scale: 0 })
    }

    /// What the whole quotient leaves; `None` for division by zero.
    #[must_use]
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let mantissa = self.at_scale(scale)?.checked_rem(other.at_scale(scale)?)?;
        Some(Self { mantissa, scale })
    }

    /// Rounded half up (away from zero) to at most that many places.
    #[must_use]
    pub fn rounded(self, places: u32) -> Option<Self> {
        if self.scale <= places {
            return Some(self);
        }
        let unit = power_of_ten(self.scale - places);
        let mantissa = unit.map_or(0, |unit| divide_half_up(self.mantissa, unit));
        Some(Self { mantissa, scale: places })
    }

    /// Whether both are the same to the precision of the one that was written less precisely, zeros at the end left out.
    #[must_use]
    pub fn equivalent(self, other: Self) -> bool {
        let places = self.normalized().scale.min(other.normalized().scale);
        self.rounded(places) == other.rounded(places)
    }

    /// Without its fraction.
    #[must_use]
    pub fn truncated(self) -> Self {
        Self { mantissa: power_of_ten(self.scale).map_or(0, |unit| self.mantissa / unit), scale: 0 }
    }

    /// The greatest whole number that is not greater.
    #[must_use]
    pub fn floor(self) -> Self {
        Self { mantissa: power_of_ten(self.scale).map_or(0, |unit| self.mantissa.div_euclid(unit)), scale: 0 }
    }

    /// The least whole number that is not less.
    #[must_use]
    pub fn ceiling(self) -> Self {
        self.negated().floor().negated()
    }

    /// The least i128 has no negative and is left out, so that no later operation can overflow on it.
    fn checked(mantissa: i128, scale: u32) -> Option<Self> {
        (mantissa != i128::MIN).then_some(Self { mantissa, scale })
    }

    fn at_scale(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(power_of_ten(scale - self.scale)?)
    }
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (dividend / divisor, dividend % divisor);
    if remainder.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2) {
        quotient + if (dividend < 0) == (divisor < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self { mantissa: i128::from(number), scale: 0 }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at_scale(scale), other.at_scale(scale)) {
            (Some(a), Some(b)) => a.cmp(&b),
            // A number that does not fit at the other's scale is further from zero than any that does.
            (None, _) => self.mantissa.cmp(&0),
            (_, None) => 0.cmp(&other.mantissa),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let sign = if self.mantissa < 0 { "-" } else { "" };
        if scale == 0 {
            write!(f, "{sign}{digits}")
        } else {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            write!(f, "{sign}{whole}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn the_forms_of_a_number() {
        for (text, expected) in [
            ("1.50", "1.50"),
            ("-0.05", "-0.05"),
            ("1e3", "1000"),
            ("1.25E1", "12.5"),
            ("5e-3", "0.005"),
            ("+7", "7"),
            ("1234567890987654321.0", "1234567890987654321.0"),
        ] {
            assert_eq!(decimal(text).to_string(), expected);
        }
        for text in
            ["", "-", ".5", "1.", "1.a", "1e", "a", "1e99", "1 2", "9999999999999999999999999999999999999999"]
        {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        let table = [
            (decimal("0.1").checked_add(decimal("0.2")), "0.3"),
            (decimal("1.8").checked_sub(decimal("1.2")), "0.6"),
            (decimal("1.2").checked_mul(decimal("1.8")), "2.16"),
            (decimal("1").checked_div(decimal("2")), "0.5"),
            (decimal("2").checked_div(decimal("3")), "0.66666666666666666667"),
            (decimal("-2").checked_div(decimal("3")), "-0.66666666666666666667"),
            (decimal("2.2").checked_rem(decimal("1.8")), "0.4"),
            (decimal("2.2").checked_div_whole(decimal("1.8")), "1"),
            (decimal("2.345").rounded(2), "2.35"),
            (decimal("-2.345").rounded(2), "-2.35"),
            (Some(decimal("-1.1").ceiling()), "-1"),
            (Some(decimal("-2.1").floor()), "-3"),
            (Some(decimal("-1.56").truncated()), "-1"),
        ];
        for (result, expected) in table {
            assert_eq!(result.unwrap().to_string(), expected);
        }
        let least = decimal("-170141183460469231731687303715884105727");
        assert!(least.checked_sub(decimal("1")).is_none());
        assert_eq!(least.checked_div(decimal("-1")).unwrap(), least.negated());
        assert!(decimal("1").checked_div(decimal("0.0")).is_none());
        assert!(decimal("1").checked_rem(decimal("0.0")).is_none());
    }

    #[test]
    fn order_is_that_of_the_numbers() {
        assert_eq!(decimal("1.10"), decimal("1.1"));
        assert!(decimal("-1") < decimal("0.001"));
        let large = decimal("10000000000000000000000000000000000000");
        assert!(large > decimal("0.00000000001"));
        assert!(large.negated() < decimal("0.00000000001"));
        assert!(decimal("0.00000000001") < large);
        assert_eq!(decimal("3.0").to_integer(), Some(3));
        assert_eq!(decimal("3.1").to_integer(), None);
    }
}
