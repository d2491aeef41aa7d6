//! The parameters that are about an answer's form, whatever the interaction, <https://hl7.org/fhir/R4/http.html#parameters>:
//! `_format` and `_pretty`. Which form an answer gets is not decided here.

use ::search::decode_pairs;

/// What a query or form says of its answer's form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    /// `_format`, which overrides `Accept`.
    pub format: Option<String>,
    /// `_pretty`.
    pub is_pretty: bool,
    /// Both as they were said, for the links of the answer: its next page is to look as this one does.
    said: Vec<(String, String)>,
}

impl Presentation {
    /// Takes these parameters out of a query, and returns what is left of it, still encoded. Of the same parameter the last
    /// counts; what cannot be decoded is left for whoever reads the rest.
    pub fn take(&mut self, query: &str) -> String {
        let is_other = |pair: &&str| {
            let Some((name, value)) = decode_pairs(pair).ok().and_then(|pairs| pairs.into_iter().next())
            else {
                return true;
            };
            match name.as_str() {
                "_format" if value.is_empty() => self.format = None,
                "_format" => self.format = Some(value.clone()),
                "_pretty" => self.is_pretty = value == "true",
                _ => return true,
            }
            self.said.retain(|(earlier, _)| *earlier != name);
            if !value.is_empty() {
                self.said.push((name, value));
            }
            false
        };
        query.split('&').filter(is_other).collect::<Vec<_>>().join("&")
    }

    /// The parameters of a link to a page of this answer: those of the query, and those of the form.
    pub(crate) fn with(&self, parameters: &[(String, String)]) -> Vec<(String, String)> {
        parameters.iter().chain(&self.said).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_the_form_are_taken_out_and_kept() {
        let mut presentation = Presentation::default();
        let left =
            presentation.take("status=a%26b&_format=application/fhir%2Bjson&_pretty=true&x&&_format=&a=%zz");
        assert_eq!(left, "status=a%26b&x&&a=%zz");
        assert_eq!(presentation.format, None, "the last one says nothing");
        presentation.take("_format=xml");
        assert_eq!(presentation.format.as_deref(), Some("xml"));
        assert!(presentation.is_pretty);
        let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            presentation.with(&[of("a", "b")]),
            [of("a", "b"), of("_pretty", "true"), of("_format", "xml")]
        );
        assert_eq!(Presentation::default().take(""), "");
    }
}
