//! Round trips of small resources, and tables of what is refused.

use proptest::prelude::*;

use super::*;

fn xml(json: &str) -> String {
    let value = json::parse(json.as_bytes()).unwrap();
    String::from_utf8(to_xml(&value).unwrap()).unwrap()
}

fn patient(inside: &str) -> String {
    format!("<Patient xmlns=\"http://hl7.org/fhir\">{inside}</Patient>")
}

const SAMPLES: &[&str] = &[
    r#"{"resourceType":"Patient","id":"a"}"#,
    // Position of resourceType, narrative with mixed content, contained.
    r##"{"id":"a","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">to <b>Home  First</b> reablement &amp; <i>more</i>\n\t<p title='x'> y </p><br/>&#160;</div>"},
        "resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"#p"},
        "contained":[{"name":[{"family":"x"}],"resourceType":"Patient","id":"p",
            "text":{"status":"additional","div":"<div id=\"n\" xmlns=\"http://www.w3.org/1999/xhtml\"><!-- c -->x</div>"}},
            {"resourceType":"Device","id":"d"}]}"##,
    // Primitive extensions: alone, beside, in arrays, with ids, nested.
    r#"{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://a","valueCode":"unknown"}]},
        "gender":"male","_gender":{"id":"g"},
        "name":[{"given":["a",null,"c"],"_given":[null,{"extension":[{"url":"http://a","valueString":"b"}]},{"id":"c1"}],
            "_family":{"extension":[{"url":"http://a","extension":[{"url":"b","valueBoolean":false}]}]}}]}"#,
    r#"{"resourceType":"Patient","name":[{"_given":[{"id":"x"},{"id":"y"}],"given":[null,"b"]}]}"#,
    r#"{"resourceType":"Patient","name":[{"_given":[{"id":"x"}]}],"extension":[{"url":"http://a","_valueString":{"id":"s"}}]}"#,
    // Ids of booleans and numbers, and in awkward places.
    r#"{"resourceType":"Patient","active":true,"_active":{"id":"e1","extension":[{"url":"http://a","valueDecimal":1.50,"_valueDecimal":{"id":"d"}}]},
        "name":[{"id":" <n> & \"'","given":["a"],"_given":[{"id":"<i>&\"'\n é"}]}],"multipleBirthInteger":3,"_multipleBirthInteger":{"id":"m"},
        "_deceasedBoolean":{"id":"none"},"extension":[{"id":"x1","url":"http://b","extension":[{"id":"x2","url":"c","valueBoolean":false,"_valueBoolean":{"id":"b"}}]}]}"#,
    // Numbers keep their text.
    r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"component":[
        {"code":{"text":"a"},"valueQuantity":{"value":1.00}},{"code":{"text":"b"},"valueQuantity":{"value":1e2}},
        {"code":{"text":"c"},"valueQuantity":{"value":-1.50E-10}},{"code":{"text":"d"},"valueInteger":-2147483648},
        {"code":{"text":"e"},"valueQuantity":{"value":123456789012345678901234567890.10}},
        {"code":{"text":"f"},"valueQuantity":{"value":1e2}},{"code":{"text":"g"},"valueBoolean":false}]}"#,
    // Characters.
    r#"{"resourceType":"Basic","code":{"text":" a\nb\r\nc\td  < > & \" ' é 😀 &amp; ]]> <!-- x "}}"#,
    // Elements named as others are elsewhere.
    r#"{"resourceType":"Parameters","parameter":[{"name":"a","part":[{"name":"b","resource":{"resourceType":"Patient","id":"x"}}]},
        {"name":"c","valueIdentifier":{"value":"v","system":"urn:x"}}]}"#,
    r#"{"resourceType":"Bundle","type":"searchset","total":2,"link":[{"relation":"self","url":"http://a?b=c&d=e"}],"entry":[
        {"fullUrl":"http://a/Patient/1","resource":{"resourceType":"Patient","id":"1","active":true},"search":{"mode":"match","score":0.5}},
        {"fullUrl":"http://a/Task/2","resource":{"resourceType":"Task","id":"2","status":"ready","intent":"order","input":[{"type":{"text":"t"},"valueUnsignedInt":3}]}}]}"#,
    r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"group","item":[{"linkId":"1.1.1","type":"string"}]}]}]}"#,
    r#"{"resourceType":"ExampleScenario","status":"draft","instance":[{"resourceId":"a","resourceType":"Patient"}]}"#,
    r#"{"resourceType":"Binary","contentType":"text/plain","data":"AAAA"}"#,
    r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","diagnostics":"x","expression":["a","b"]}]}"#,
];

#[test]
fn samples_survive_the_way_there_and_back() {
    for sample in SAMPLES {
        let value = json::parse(sample.as_bytes()).unwrap();
        let xml = to_xml(&value).unwrap();
        assert_eq!(from_xml(&xml).unwrap(), value, "{}", String::from_utf8_lossy(&xml));
    }
}

#[test]
fn xml_has_the_order_of_the_definitions_and_escapes_line_breaks() {
    let xml = xml(
        r#"{"status":"draft","resourceType":"Task","intent":"order","id":"a","description":"x\ny\t\"z\"","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a <b>b</b>\n c</div>","status":"generated"}}"#,
    );
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<Task xmlns="http://hl7.org/fhir">
  <id value="a"/>
  <text>
    <status value="generated"/>
    <div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b>
 c</div>
  </text>
  <status value="draft"/>
  <intent value="order"/>
  <description value="x&#10;y&#9;&#34;z&#34;"/>
</Task>"#;
    assert_eq!(xml, expected);
}

#[test]
fn xml_is_read_as_other_systems_write_it() {
    let table = [
        (patient("<id value='a'/>"), r#"{"resourceType":"Patient","id":"a"}"#),
        (
            format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<!-- c -->{}\n", patient("<id value='a'/>")),
            r#"{"resourceType":"Patient","id":"a"}"#,
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"http://hl7.org/fhir x.xsd\"><active value=\"true\"></active></Patient>".to_owned(),
            r#"{"resourceType":"Patient","active":true}"#,
        ),
        (
            "<f:Patient xmlns:f=\"http://hl7.org/fhir\"><f:active value=\"true\"/></f:Patient>".to_owned(),
            r#"{"resourceType":"Patient","active":true}"#,
        ),
        // One of a kind is still an array; kinds may be mixed; line breaks in a value are spaces unless escaped.
        (
            patient("<name><family value='a\r\nb\nc'/></name><gender value='male'/><name><family value='&#10;&lt;\"'/></name>"),
            r#"{"resourceType":"Patient","name":[{"family":"a b c"},{"family":"\n<\""}],"gender":"male"}"#,
        ),
        (
            patient("<text><status value='generated'/><div xmlns='http://www.w3.org/1999/xhtml'> a <b>b</b> <div>c</div> </div></text>"),
            r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'> a <b>b</b> <div>c</div> </div>"}}"#,
        ),
    ];
    for (xml, expected) in table {
        assert_eq!(from_xml(xml.as_bytes()).unwrap(), json::parse(expected.as_bytes()).unwrap(), "{xml}");
    }
}

#[test]
fn what_is_refused() {
    let div = |inside: &str| {
        patient(&format!(
            "<text><status value='generated'/><div xmlns='http://www.w3.org/1999/xhtml'>{inside}</div></text>"
        ))
    };
    let table = [
        (String::new(), "ends before"),
        ("x".to_owned(), "text outside"),
        ("{\"resourceType\":\"Patient\"}".to_owned(), "text outside"),
        (format!("<!DOCTYPE Patient [<!ENTITY x \"y\">]>{}", patient("<id value='&x;'/>")), "document type"),
        (patient("<id value='&x;'/>"), "'&' begins"),
        (patient("<id value='&#0;'/>"), "'&' begins"),
        (patient("<id value='a'>"), "end tag does not match"),
        (patient("<id value='a'/>x"), "text outside"),
        (patient("<![CDATA[x]]>"), "CDATA"),
        (patient("<?x y?>"), "processing instruction"),
        (format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}", patient("")), "processing instruction"),
        (format!("<?xml version=\"1.1\"?>{}", patient("")), "processing instruction"),
        (format!("{}{}", patient(""), patient("")), "more behind"),
        (patient("<active value='true' x='y'/>"), "attributes 'value', 'id' and 'url' only"),
        (patient("<active value='true' value='true'/>"), "there twice"),
        (patient("<nonsense value='x'/>"), "unknown field `nonsense`"),
        (patient("<active value='yes'/>"), "not a FHIR R4 resource"),
        (patient("<multipleBirthInteger value='99999999999'/>"), "not a FHIR R4 resource"),
        (patient("<multipleBirthInteger value='1.0'/>"), "not a FHIR R4 resource"),
        ("<Patient><id value='a'/></Patient>".to_owned(), "namespace"),
        ("<Patient xmlns='urn:x'><id value='a'/></Patient>".to_owned(), "namespace"),
        (patient("<name/>"), "object is empty"),
        (patient("<gender value=''/>"), "string is empty"),
        (patient("<gender value='a\u{1}'/>"), "U+0001"),
        (patient("<text><div>x</div></text>"), "xmlns"),
        (
            "<Patient xmlns='http://hl7.org/fhir'><text><div xmlns='http://www.w3.org/1999/xhtml'>x"
                .to_owned(),
            "a narrative is not closed",
        ),
        ("<f:Patient xmlns='http://hl7.org/fhir'/>".to_owned(), "namespace"),
        (
            "<f:Patient xmlns:f='http://hl7.org/fhir'><a:id value='a' xmlns:a='urn:a'/></f:Patient>"
                .to_owned(),
            "namespace",
        ),
        (patient("<id xmlns='urn:x' value='a'/>"), "namespace"),
        (
            patient("<id xmlns='http://hl7.org/fhir' xmlns:x='urn:x' value='a'/><x:id value='b'/>"),
            "namespace",
        ),
        (div("<b>x"), "does not match"),
        (div("<![CDATA[x]]>"), "CDATA"),
        (patient("<text><div xmlns='http://www.w3.org/1999/xhtml'>x"), "does not match"),
        (patient(&"<a>".repeat(100_000)), "64 deep"),
        (
            "<Observation xmlns='http://hl7.org/fhir'><valueQuantity><value value='1e'/></valueQuantity></Observation>"
                .to_owned(),
            "'1e' is not a decimal",
        ),
    ];
    for (xml, sentence) in table {
        let error = from_xml(xml.as_bytes()).unwrap_err();
        let shown: String = xml.chars().take(200).collect();
        assert_eq!(error.cause(), Cause::Unparsable, "{shown}");
        assert!(error.to_string().contains(sentence), "{shown}: {error}");
    }
    for bytes in [&b"\xff\xfe<\0"[..], b"<Patient xmlns='http://hl7.org/fhir'><id value='\xe9'/></Patient>"] {
        assert!(from_xml(bytes).unwrap_err().to_string().contains("UTF-8"));
    }
}

#[test]
fn a_fault_names_line_column_and_element() {
    let error =
        from_xml(b"<Patient xmlns='http://hl7.org/fhir'>\n  <name>\n    text</name></Patient>").unwrap_err();
    assert_eq!(error.issues()[0].expression, ["Patient.name"]);
    assert!(error.issues()[0].diagnostics.contains("line 2, column 9"), "{error}");
    let error = from_xml(patient("<name><family value='a'/></name><name/>").as_bytes()).unwrap_err();
    assert_eq!(error.issues()[0].expression, ["Patient.name[1]"]);
}

#[test]
fn what_has_no_xml_is_an_error_and_not_a_panic() {
    let table = [
        (r#"{"resourceType":"Patient","nonsense":"x"}"#, Cause::Exception),
        (r#"{"a":"b"}"#, Cause::Exception),
        (r#"["b"]"#, Cause::Exception),
        (r#""b""#, Cause::Exception),
        (r#"{"resourceType":"Basic","code":{"text":"\uffff"}}"#, Cause::NotAcceptable),
        (r#"{"resourceType":"Basic","text":{"status":"generated","div":"<div>x"}}"#, Cause::NotAcceptable),
    ];
    for (text, cause) in table {
        assert_eq!(
            to_xml(&json::parse(text.as_bytes()).unwrap()).map_err(|e| e.cause()),
            Err(cause),
            "{text}"
        );
    }
    let empty = serde_json::json!({"resourceType": "Patient", "name": []});
    assert_eq!(to_xml(&empty).unwrap_err().cause(), Cause::Exception);
}

#[test]
fn the_deepest_content_fits() {
    // Two levels of JSON for each extension, in a thread with the stack of a worker.
    let nested = |depth: usize| {
        let front = r#""extension":[{"url":"a","#.repeat(depth);
        format!(r#"{{"resourceType":"Basic",{front}"valueCode":"b"{}}}"#, "}]".repeat(depth))
    };
    let value = json::parse(nested(31).as_bytes()).unwrap();
    assert_eq!(from_xml(&to_xml(&value).unwrap()).unwrap(), value);
    assert!(json::parse(nested(32).as_bytes()).is_err());
    let deepest = patient(&format!(
        "{}<valueCode value='a'/>{}",
        "<extension url='a'>".repeat(62),
        "</extension>".repeat(62)
    ));
    assert!(from_xml(deepest.as_bytes()).unwrap_err().to_string().contains("64 deep"));
}

#[test]
fn marks_in_the_content_do_not_mislead() {
    let text = r#"{"resourceType":"Basic","code":{"text":"carried-0;\ncarried-#10;"}}"#;
    let value = json::parse(text.as_bytes()).unwrap();
    assert_eq!(from_xml(&to_xml(&value).unwrap()).unwrap(), value);
}

proptest! {
    #[test]
    fn texts_survive_the_way_there_and_back(text in "[ -~\t\r\n\u{80}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]{1,60}") {
        let value = serde_json::json!({"resourceType": "Basic", "code": {"text": text}});
        prop_assert_eq!(from_xml(&to_xml(&value).unwrap()).unwrap(), value);
    }

    #[test]
    fn damaged_xml_never_panics(sample in prop::sample::select(SAMPLES), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut xml = xml(sample).into_bytes();
        let at = cut.index(xml.len());
        let _ = from_xml(&xml[..at]);
        xml[at] = byte;
        if let Ok(value) = from_xml(&xml) {
            // What was accepted can be written again, or is refused in an orderly way.
            let _ = to_xml(&value);
        }
    }
}
