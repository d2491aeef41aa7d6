//! Strings.

use super::*;

#[test]
fn strings() {
    let patient =
        json!({"resourceType": "Patient", "name": [{"family": "Núñez-Łoś", "given": ["José  María"]}]});
    check(
        &patient,
        &[
            "name=nunez",
            "name=LOS",
            "name=jose maria",
            "name=maria",
            "name=los",
            "name=x,JOSÉ",
            "name:contains=aria",
            "name:exact=Núñez-Łoś",
            "family=núñez",
            "name:missing=false",
            "address:missing=true",
        ],
        &[
            "name=aria",
            "name:exact=María",
            "name:exact=nunez-los",
            "name:exact=Łoś",
            "given=nunez",
            "name=%25",
            "name=_",
            "name:contains=*",
            "name:missing=true",
            "address=x",
        ],
    );
}
