//! A Subscription read as what its client wants,
//! <http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription>.
//!
//! Nothing that is not understood is passed over: an unknown extension, parameter or type is a finding.

use fhir::{Instant, Issue, IssueType, Resource, Value};

use crate::filter::Filter;
use crate::topic::Topic;
use crate::{GUIDE, Settings, header};

/// How much of an event a notification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    Empty,
    IdOnly,
    FullResource,
}

impl Content {
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        [Self::Empty, Self::IdOnly, Self::FullResource].into_iter().find(|content| content.code() == code)
    }

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::IdOnly => "id-only",
            Self::FullResource => "full-resource",
        }
    }
}

/// What a subscription's client wants to be told, where, and how.
#[derive(Clone, Debug)]
pub struct Definition {
    pub topic: &'static Topic,
    /// Joined by AND.
    pub filters: Vec<Filter>,
    pub endpoint: String,
    /// The content type of notifications, as the client wrote it.
    pub payload: String,
    pub content: Content,
    /// Name and value of each.
    pub headers: Vec<(String, String)>,
    /// Seconds of silence after which a heartbeat is sent.
    pub heartbeat: Option<u32>,
    /// Seconds that a request may take.
    pub timeout: u32,
    /// How many events a notification has at most.
    pub max_count: u32,
    pub end: Option<Instant>,
}

const DEFAULT_TIMEOUT: u32 = 10;
const DEFAULT_MAX_COUNT: u32 = 20;
const MIN_HEARTBEAT: u32 = 30;

impl Definition {
    /// What this Subscription says.
    ///
    /// # Errors
    /// Everything in it that is missing, wrong, or beyond what this server can do.
    pub fn read(subscription: &Resource, settings: &Settings) -> Result<Self, Vec<Issue>> {
        let mut reader = Reader { issues: Vec::new() };
        let nothing = Value::Null;
        let channel = subscription.get("channel").unwrap_or(&nothing);
        reader.refuse_unknown(subscription.value());
        let topic = reader.topic(subscription);
        let filters = topic.map_or_else(Vec::new, |topic| reader.filters(subscription, topic, settings));
        reader.kind(channel);
        let (heartbeat, timeout, max_count) = reader.limits(channel);
        let endpoint = channel.get("endpoint").and_then(Value::as_str).unwrap_or_default().to_owned();
        if endpoint.is_empty() {
            reader.required("A rest-hook subscription names its endpoint.", "Subscription.channel.endpoint");
        }
        let payload = reader.payload(channel);
        let content = reader.content(channel);
        let headers = reader.headers(channel);
        let end = reader.end(subscription);
        match (topic, content) {
            (Some(topic), Some(content)) if reader.issues.is_empty() => Ok(Self {
                topic,
                filters,
                endpoint,
                payload,
                content,
                headers,
                heartbeat,
                timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
                max_count: max_count.unwrap_or(DEFAULT_MAX_COUNT),
                end,
            }),
            _ => Err(reader.issues),
        }
    }
}

struct Reader {
    issues: Vec<Issue>,
}

impl Reader {
    fn refuse(&mut self, code: IssueType, diagnostics: impl Into<String>, expression: &str) {
        self.issues.push(Issue::error(code, diagnostics).at(expression));
    }

    fn required(&mut self, diagnostics: &str, expression: &str) {
        self.refuse(IssueType::Required, diagnostics, expression);
    }

    /// Extensions that change what is asked for, and that this server does not know: those of other versions of FHIR too.
    fn refuse_unknown(&mut self, subscription: &Value) {
        let of_guide = |name: &str| format!("{GUIDE}/StructureDefinition/{name}");
        let places: [(&str, Option<&Value>, &[&str]); 6] = [
            ("Subscription.criteria", subscription.get("_criteria"), &["backport-filter-criteria"]),
            (
                "Subscription.channel",
                subscription.get("channel"),
                &["backport-heartbeat-period", "backport-timeout", "backport-max-count"],
            ),
            ("Subscription.channel.type", member(subscription, "_type"), &["backport-channel-type"]),
            ("Subscription.channel.endpoint", member(subscription, "_endpoint"), &[]),
            ("Subscription.channel.payload", member(subscription, "_payload"), &["backport-payload-content"]),
            ("Subscription.status", subscription.get("_status"), &[]),
        ];
        for (at, element, known) in places {
            let urls = extensions(element.unwrap_or(&Value::Null)).filter_map(|e| e.get("url")?.as_str());
            let unknown: Vec<_> =
                urls.filter(|url| !known.iter().any(|name| *url == of_guide(name))).collect();
            for url in unknown {
                let url: String = url.chars().take(120).collect();
                let sentence =
                    format!("The extension '{url}' is not known at {at}, so it cannot be honoured.");
                self.refuse(IssueType::Extension, sentence, &format!("{at}.extension"));
            }
        }
        let foreign = extensions(subscription).filter_map(|e| e.get("url")?.as_str());
        if foreign.into_iter().any(|url| url.starts_with("http://hl7.org/fhir/") && !url.starts_with(GUIDE)) {
            let sentence = "Extensions that carry elements of another version of FHIR are not known here.";
            self.refuse(IssueType::Extension, sentence, "Subscription.extension");
        }
        let channel = subscription.get("channel");
        if [Some(subscription), channel].into_iter().flatten().any(|v| v.get("modifierExtension").is_some()) {
            self.refuse(
                IssueType::Extension,
                "Modifier extensions are not known here.",
                "Subscription.modifierExtension",
            );
        }
    }

    fn topic(&mut self, subscription: &Resource) -> Option<&'static Topic> {
        const AT: &str = "Subscription.criteria";
        let criteria = subscription.text("criteria").unwrap_or_default();
        if let Some(topic) = Topic::find(criteria) {
            return Some(topic);
        }
        let is_search = fhir::ResourceType::find(criteria.split('?').next().unwrap_or_default()).is_some();
        let sentence = if is_search {
            "Subscriptions by a search are not supported; subscribe to a topic, and filter it. The topics are listed in the CapabilityStatement."
        } else {
            "The criteria must be the canonical url of a topic of this server. The topics are listed in the CapabilityStatement."
        };
        self.refuse(IssueType::NotSupported, sentence, AT);
        None
    }

    fn filters(&mut self, subscription: &Resource, topic: &Topic, settings: &Settings) -> Vec<Filter> {
        const AT: &str = "Subscription.criteria.extension";
        let options = match settings.search_options() {
            Ok(options) => options,
            Err(error) => {
                self.refuse(IssueType::Exception, error.to_string(), AT);
                return Vec::new();
            }
        };
        let Some(criteria) = subscription.get("_criteria") else { return Vec::new() };
        let mut filters = Vec::new();
        for (index, extension) in named(criteria, "backport-filter-criteria").enumerate() {
            let at = format!("{AT}[{index}]");
            if index >= 20 {
                self.refuse(IssueType::TooCostly, "A subscription has at most 20 filters.", &at);
                break;
            }
            match extension.get("valueString").and_then(Value::as_str) {
                Some(text) => match Filter::parse(text, topic, &options) {
                    Ok(filter) => filters.push(filter),
                    Err(sentence) => self.refuse(IssueType::NotSupported, sentence, &at),
                },
                None => self.required("A filter has a valueString.", &at),
            }
        }
        filters
    }

    fn kind(&mut self, channel: &Value) {
        const AT: &str = "Subscription.channel.type";
        let kind = channel.get("type").and_then(Value::as_str);
        let custom = channel.get("_type").is_some_and(|element| extensions(element).next().is_some());
        if kind != Some("rest-hook") || custom {
            let sentence = "The channel type is not supported. Supported: rest-hook.";
            self.refuse(IssueType::NotSupported, sentence, AT);
        }
    }

    fn limits(&mut self, channel: &Value) -> (Option<u32>, Option<u32>, Option<u32>) {
        (
            self.number(channel, "backport-heartbeat-period", "valueUnsignedInt", MIN_HEARTBEAT, 7 * 86_400),
            self.number(channel, "backport-timeout", "valueUnsignedInt", 1, 60),
            self.number(channel, "backport-max-count", "valuePositiveInt", 1, 100),
        )
    }

    fn number(&mut self, channel: &Value, name: &str, value: &str, least: u32, most: u32) -> Option<u32> {
        let mut found = named(channel, name);
        let (extension, second) = (found.next()?, found.next());
        let number =
            extension.get(value).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
        match number {
            Some(number) if (least..=most).contains(&number) && second.is_none() => Some(number),
            _ => {
                let sentence = format!("{name} is given once, as {value} from {least} to {most}.");
                self.refuse(IssueType::Value, sentence, "Subscription.channel.extension");
                None
            }
        }
    }

    fn payload(&mut self, channel: &Value) -> String {
        const AT: &str = "Subscription.channel.payload";
        let payload = channel.get("payload").and_then(Value::as_str).unwrap_or_default();
        if !is_supported_payload(payload) {
            let sentence = "channel.payload must be application/fhir+json or application/json, of fhirVersion 4.0 if it names one.";
            self.refuse(IssueType::NotSupported, sentence, AT);
        }
        payload.to_owned()
    }

    fn content(&mut self, channel: &Value) -> Option<Content> {
        const AT: &str = "Subscription.channel.payload.extension";
        let element = channel.get("_payload").unwrap_or(&Value::Null);
        let mut found = named(element, "backport-payload-content");
        let code = found.next().and_then(|extension| extension.get("valueCode")?.as_str());
        let content = code.filter(|_| found.next().is_none()).and_then(Content::find);
        if content.is_none() {
            let sentence = "channel.payload has one extension backport-payload-content: empty, id-only or full-resource.";
            self.refuse(
                if code.is_some() { IssueType::NotSupported } else { IssueType::Required },
                sentence,
                AT,
            );
        }
        content
    }

    fn headers(&mut self, channel: &Value) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        let given = channel.get("header").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (index, text) in given.iter().enumerate() {
            let at = format!("Subscription.channel.header[{index}]");
            match header::parse(text.as_str().unwrap_or_default()) {
                Ok(header) if index < 20 => headers.push(header),
                Ok(_) => self.refuse(IssueType::TooCostly, "A subscription has at most 20 headers.", &at),
                Err(sentence) => self.refuse(IssueType::Value, sentence, &at),
            }
        }
        headers
    }

    fn end(&mut self, subscription: &Resource) -> Option<Instant> {
        let text = subscription.text("end")?;
        match text.parse::<jiff::Timestamp>() {
            Ok(end) => Some(Instant::from_microseconds(end.as_microsecond())),
            Err(_) => {
                self.refuse(IssueType::Value, "The end is not an instant.", "Subscription.end");
                None
            }
        }
    }
}

fn member<'v>(subscription: &'v Value, name: &str) -> Option<&'v Value> {
    subscription.get("channel")?.get(name)
}

fn extensions(element: &Value) -> impl Iterator<Item = &Value> {
    element.get("extension").and_then(Value::as_array).into_iter().flatten()
}

/// The extensions of an element that the guide calls so.
fn named<'v>(element: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    let url = format!("{GUIDE}/StructureDefinition/{name}");
    extensions(element).filter(move |extension| extension.get("url").and_then(Value::as_str) == Some(&url))
}

/// Notifications are JSON of R4; the text is sent as it is, as the content type of every request.
fn is_supported_payload(payload: &str) -> bool {
    let mut parts = payload.split(';').map(str::trim);
    let is_type = matches!(parts.next(), Some("application/fhir+json" | "application/json"));
    is_type
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "fhirversion" => matches!(value, "4.0" | "4.0.1"),
                "charset" => value.eq_ignore_ascii_case("utf-8"),
                _ => false,
            }
        })
}
