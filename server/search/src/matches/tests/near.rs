//! Positions.

use super::*;

#[test]
fn near() {
    let at = |latitude: f64, longitude: f64| json!({"resourceType": "Location", "position": {"latitude": latitude, "longitude": longitude}});
    check(
        &at(53.8, -1.55),
        &[
            "near=53.8|-1.55",
            "near=53.8|-1.55|0|km",
            "near=53.7938|-1.7564|14|km",
            "near=0|0|1|m,53.8|-1.55|1|m",
            "near:missing=false",
        ],
        &["near=53.7938|-1.7564|13|km", "near=53.7938|-1.7564", "near:missing=true"],
    );
    check(
        &json!({"resourceType": "Location", "name": "somewhere"}),
        &["near:missing=true"],
        &["near=0|0|20100|km", "near:missing=false"],
    );
}
