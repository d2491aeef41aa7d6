//! The least and greatest number that a decimal can stand for, given the digits it was written with,
//! <https://hl7.org/fhirpath/N1/#lowboundaryprecision-integer-decimal--date--datetime--time>.

use super::Decimal;

/// The most places that a boundary can be asked for.
const MAX_PLACES: u32 = 28;

impl Decimal {
    /// The least number that rounds to this one, rounded down to that many places; `None` for more than 28.
    #[must_use]
    pub fn low_boundary(self, places: u32) -> Option<Self> {
        if places > MAX_PLACES {
            return None;
        }
        self.widened()?.checked_sub(self.half_unit()?)?.floor_at(places)
    }

    /// The greatest number that rounds to this one, rounded up to that many places; `None` for more than 28.
    #[must_use]
    pub fn high_boundary(self, places: u32) -> Option<Self> {
        if places > MAX_PLACES {
            return None;
        }
        let high = self.widened()?.checked_add(self.half_unit()?)?;
        Some(high.negated().floor_at(places)?.negated())
    }

    fn widened(self) -> Option<Self> {
        let scale = self.scale + 1;
        Some(Self { mantissa: self.at_scale(scale)?, scale })
    }

    fn half_unit(self) -> Option<Self> {
        Some(Self { mantissa: 5, scale: self.scale + 1 })
    }

    fn floor_at(self, places: u32) -> Option<Self> {
        let mantissa = if self.scale <= places {
            self.at_scale(places)?
        } else {
            self.mantissa.div_euclid(10_i128.checked_pow(self.scale - places)?)
        };
        Some(Self { mantissa, scale: places })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_by_sign_and_place() {
        for (text, places, low, high) in [
            ("1.587", 8, "1.58650000", "1.58750000"),
            ("1.587", 2, "1.58", "1.59"),
            ("-1.587", 2, "-1.59", "-1.58"),
            ("1", 0, "0", "2"),
            ("12.500", 4, "12.4995", "12.5005"),
        ] {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!(decimal.low_boundary(places).unwrap().to_string(), low, "{text}");
            assert_eq!(decimal.high_boundary(places).unwrap().to_string(), high, "{text}");
        }
        assert!(Decimal::ZERO.low_boundary(32).is_none());
    }
}
