//! `near`: positions within a distance, <https://hl7.org/fhir/R4/location.html#search>.
//!
//! `latitude|longitude|distance|unit` in degrees of WGS84; distances are measured on a sphere. A position is kept as two numbers.

use fhirpath::{Decimal, Measure};
use serde_json::Value;

use crate::{
    criterion::Condition,
    index::{IndexRows, QuantityRow},
    parameter::Parameter,
    query::{Circle, Criterion},
    refusal::{Refusal, shown},
    value::{
        number::{Range, decimal},
        split, unescape,
    },
};

/// How far is near when no distance is given, in metres.
const NEAR: f64 = 10_000.0;
/// The mean radius of the earth, in metres.
pub const RADIUS: f64 = 6_371_008.8;
/// The length of a degree from south to north, in metres.
const DEGREE: f64 = RADIUS * std::f64::consts::PI / 180.0;

/// Adds the rows of one position.
pub(crate) fn add(parameter: &Parameter, position: &Value, rows: &mut IndexRows) {
    let number = |member: &str| position.get(member).and_then(decimal);
    if let (Some(latitude), Some(longitude)) = (number("latitude"), number("longitude")) {
        let [of_latitude, of_longitude] = parameter.position_numbers();
        rows.quantities.push(QuantityRow::of_number(of_latitude, Range::of(latitude)));
        rows.quantities.push(QuantityRow::of_number(of_longitude, Range::of(longitude)));
    }
}

/// The criterion of a query: within any of these circles.
pub(crate) fn criterion(condition: &Condition<'_>) -> Result<Criterion, Refusal> {
    if let Some(modifier) = condition.modifier {
        return Err(condition.no_modifier(modifier, &["missing"]));
    }
    let circle = |value: &str| {
        circle(value).ok_or_else(|| {
            Refusal::invalid(format!(
                "'{}' is no place to be near to. Write latitude|longitude|distance|unit, as in '53.8|-1.55|5|km': degrees, and a \
                 unit of length of UCUM, 'km' when there is none.",
                shown(value)
            ))
        })
    };
    let circles = condition.raw_values()?.into_iter().map(circle).collect::<Result<_, _>>()?;
    Ok(Criterion::Near { parameter: condition.parameter, circles })
}

fn circle(value: &str) -> Option<Circle> {
    let parts = split(value, '|').into_iter().map(unescape).collect::<Result<Vec<_>, _>>().ok()?;
    let degrees = |text: &str, most: f64| {
        let degrees = Decimal::parse(text.trim())?.to_f64();
        (degrees.abs() <= most).then_some(degrees)
    };
    let (latitude, longitude, distance) = match parts.as_slice() {
        [latitude, longitude] => (latitude, longitude, NEAR),
        [latitude, longitude, distance, unit @ ..] => {
            let unit = match unit {
                [] => "km",
                [unit] if unit.is_empty() => "km",
                [unit] => unit.trim(),
                _ => return None,
            };
            (latitude, longitude, if distance.is_empty() { NEAR } else { metres(distance, unit)? })
        }
        _ => return None,
    };
    Some(Circle {
        latitude: degrees(latitude, 90.0)?,
        longitude: degrees(longitude, 180.0)?,
        metres: distance,
    })
}

fn metres(distance: &str, unit: &str) -> Option<f64> {
    let distance = Decimal::parse(distance.trim()).filter(|distance| !distance.is_negative())?;
    let unit = Measure::parse(if unit == "mi" { "[mi_i]" } else { unit })?;
    let is_length = unit.dimension() == Measure::parse("m")?.dimension();
    is_length.then_some(unit.in_base_units(distance)?.to_f64())
}

impl Circle {
    /// Whether a position is in it.
    #[must_use]
    pub fn holds(&self, latitude: f64, longitude: f64) -> bool {
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let (here, there) = (self.latitude.to_radians(), latitude.to_radians());
        let haversine =
            half(latitude - self.latitude) + here.cos() * there.cos() * half(longitude - self.longitude);
        2.0 * RADIUS * haversine.sqrt().min(1.0).asin() <= self.metres
    }

    /// The least and the greatest latitude in it, or a little more.
    #[must_use]
    pub fn latitudes(&self) -> (f64, f64) {
        let width = self.metres / DEGREE + 0.001;
        (self.latitude - width, self.latitude + width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_on_the_earth() {
        let leeds = |metres| Circle { latitude: 53.8, longitude: -1.55, metres };
        // Bradford is 13.9 km away, Sydney 17,000.
        for (circle, latitude, longitude, expect) in [
            (leeds(0.0), 53.8, -1.55, true),
            (leeds(13_000.0), 53.7938, -1.7564, false),
            (leeds(14_000.0), 53.7938, -1.7564, true),
            (leeds(16_900_000.0), -33.87, 151.21, false),
            (leeds(17_100_000.0), -33.87, 151.21, true),
            (leeds(21_000_000.0), -53.8, 178.45, true),
            // Across the date line, and over the pole.
            (Circle { latitude: 0.0, longitude: 179.99, metres: 5_000.0 }, 0.0, -179.99, true),
            (Circle { latitude: 89.99, longitude: 0.0, metres: 5_000.0 }, 89.99, 180.0, true),
        ] {
            assert_eq!(circle.holds(latitude, longitude), expect, "{circle:?} {latitude} {longitude}");
            let (south, north) = circle.latitudes();
            assert!(!expect || (south..=north).contains(&latitude), "{circle:?} {latitude}");
        }
    }

    #[test]
    fn what_is_asked() {
        let check = |text: &str, metres: Option<f64>| {
            assert_eq!(circle(text).map(|circle| circle.metres.round()), metres, "{text}");
        };
        check("53.8|-1.55", Some(10_000.0));
        check("53.8|-1.55|", Some(10_000.0));
        check("53.8|-1.55|5", Some(5_000.0));
        check("53.8|-1.55|5|", Some(5_000.0));
        check("53.8|-1.55|5|km", Some(5_000.0));
        check("53.8|-1.55|500|m", Some(500.0));
        check("53.8|-1.55|1|[mi_i]", Some(1_609.0));
        check("53.8|-1.55|1|mi", Some(1_609.0));
        for wrong in [
            "",
            "53.8",
            "91|0",
            "0|181",
            "a|b",
            "0|0|-1",
            "0|0|1|kg",
            "0|0|1|x",
            "0|0|1|km|x",
            "0|0|1e999|km",
            "NaN|0",
        ] {
            check(wrong, None);
        }
    }
}
