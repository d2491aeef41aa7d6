//! The server as far as interactions are concerned: its database, its settings, and the one entry to all of them.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant as Moment};

use bytes::Bytes;
use fhir::{Error, Key, ResourceType};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::Store;
use tokio::sync::Notify;

use crate::context::{organization_key, organization_systems};
use crate::label::WORKFLOW;
use crate::unit::Work;
use crate::{Clock, Context, Handling, Interaction, Reply};

/// How the interactions behave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address under which clients reach the server, without a slash at its end.
    pub base: String,
    /// The time zone of dates that name none, as `Europe/London`.
    pub zone: String,
    /// Whether a local reference must name a resource that exists and that the caller sees.
    pub check_references: bool,
    /// Whether an update of a workflow resource must carry `If-Match`.
    pub require_if_match: bool,
    /// The types whose resources must conform to a profile of ours.
    pub required_profiles: Vec<String>,
    /// Whether unknown search parameters are ignored (`true`) or refused.
    pub lenient_search: bool,
    /// How many matches a page has, and how many it may have.
    pub default_count: u32,
    pub max_count: u32,
    /// How many entries a Bundle may have.
    pub max_entries: usize,
    /// Whether callers need a token, and whether pages of other origins may call: as the CapabilityStatement tells.
    pub asks_for_tokens: bool,
    /// Where registered clients get their tokens, when there are such.
    pub token_endpoint: Option<String>,
    pub allows_origins: bool,
    /// The clients of those who run the server.
    pub operators: Vec<String>,
    /// The service to which referrals go that name no performer, as `HealthcareService/hub`.
    pub hub: Option<String>,
    /// What becomes of a second referral of one person to one team within a day.
    pub suspected_duplicate: workflow::Doubtful,
    /// What becomes of a referral to a team that says it offers other service lines.
    pub line_not_offered: workflow::Doubtful,
    /// What becomes of a two-hour referral to which that standard does not apply.
    pub ucr_outside_standard: workflow::Doubtful,
    pub exports: ExportSettings,
}

/// How exports of many resources behave.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportSettings {
    /// How many of one client may be under way.
    pub per_client: u32,
    /// How many this process carries out at a time.
    pub at_once: u16,
    /// For how many hours their files can be read.
    pub keep_hours: u32,
}

/// Carries out interactions.
pub struct Server {
    pub store: Store,
    pub settings: Settings,
    /// What time it is for the rules.
    pub clock: Clock,
    pub(crate) workflow: workflow::Settings,
    pub(crate) subscription: subscription::Settings,
    pub(crate) zone: TimeZone,
    pub(crate) validation: validation::Settings,
    pub(crate) capability_statement: OnceLock<Bytes>,
    /// Told when an export is asked for.
    pub(crate) export_begun: Notify,
    parties: Mutex<HashMap<String, (Moment, Vec<Key>)>>,
}

/// How long the resources behind an organisation's code are remembered.
const PARTIES_REMEMBERED: Duration = Duration::from_secs(20);

impl Server {
    /// # Errors
    /// When a setting names a time zone or a resource type that does not exist.
    pub fn new(
        store: Store,
        settings: Settings,
        subscription: subscription::Settings,
    ) -> Result<Self, Error> {
        let zone = TimeZone::get(&settings.zone).map_err(Error::exception)?;
        let required_profiles = settings
            .required_profiles
            .iter()
            .map(|name| ResourceType::parse(name))
            .collect::<Result<_, _>>()?;
        let validation = validation::Settings { required_profiles };
        let workflow = workflow::Settings {
            zone: zone.clone(),
            suspected_duplicate: settings.suspected_duplicate,
            line_not_offered: settings.line_not_offered,
            ucr_outside_standard: settings.ucr_outside_standard,
            ..workflow::Settings::default()
        };
        Ok(Self {
            store,
            settings,
            clock: Clock::default(),
            workflow,
            subscription,
            zone,
            validation,
            capability_statement: OnceLock::new(),
            export_begun: Notify::new(),
            parties: Mutex::default(),
        })
    }

    /// Puts together what is otherwise put together at its first use, for whoever comes first.
    pub fn prepare(&self) {
        self.capabilities();
        validation::prepare();
    }

    /// Carries out one interaction for one caller.
    ///
    /// # Errors
    /// Every refusal and every fault; see [`fhir::Cause`].
    pub async fn perform(&self, context: &Context, interaction: Interaction) -> Result<Reply, Error> {
        match interaction {
            Interaction::Capabilities { of_terminology: false } => Ok(self.capabilities()),
            Interaction::Capabilities { of_terminology: true } => Ok(self.terminology_capabilities()),
            Interaction::Read { resource_type, id, parameters } => {
                self.read(context, resource_type, &id, &parameters).await
            }
            Interaction::VRead { resource_type, id, version_id } => {
                self.vread(context, resource_type, &id, &version_id).await
            }
            Interaction::Write(write) => self.write_one(context, Work::Write(write)).await,
            Interaction::HistoryInstance { resource_type, id, parameters } => {
                self.history_instance(context, resource_type, &id, &parameters).await
            }
            Interaction::HistoryType { resource_type, parameters } => {
                self.history_type(context, resource_type, &parameters).await
            }
            Interaction::HistorySystem { parameters } => self.history_system(context, &parameters).await,
            Interaction::Search { area, parameters } => self.search(context, &area, &parameters).await,
            Interaction::Bundle { bundle } => Box::pin(self.bundle(context, bundle)).await,
            Interaction::Operation(call) => self.operation(context, call).await,
            Interaction::Export { id, of } => self.of_export(context, &id, &of).await,
            Interaction::Reindex { id, of } => self.of_reindex(context, &id, of).await,
        }
    }

    /// Whether resources of this type are kept as those of intermediate care are, because others act on them: changed from a version
    /// that was seen, under ids of ours, and never deleted.
    pub(crate) fn is_guarded(&self, resource_type: ResourceType) -> bool {
        WORKFLOW.contains(&resource_type) && self.validation.required_profiles.contains(&resource_type)
    }

    pub(crate) fn search_options(&self, handling: Handling) -> ::search::Options {
        ::search::Options {
            base: self.settings.base.clone(),
            lenient: handling == Handling::Lenient || self.settings.lenient_search,
            default_count: self.settings.default_count,
            max_count: self.settings.max_count,
            zone: self.zone.clone(),
            now: fhir::Instant::now(),
            value_sets: ::search::ValueSets::default(),
        }
    }

    /// What an organisation's code stands for: the Organizations that have it, and the code itself, so that what the
    /// organisation wrote before its Organization was registered stays its own.
    pub(crate) async fn parties(&self, code: &str) -> Result<Vec<Key>, Error> {
        if let Ok(known) = self.parties.lock()
            && let Some((since, keys)) = known.get(code)
            && since.elapsed() < PARTIES_REMEMBERED
        {
            return Ok(keys.clone());
        }
        let identifiers = self.organization_identifiers(code)?;
        let mut keys = self.store.identified(&identifiers, 10).await?;
        keys.push(organization_key(code));
        if let Ok(mut known) = self.parties.lock() {
            if known.len() > 10_000 {
                known.clear();
            }
            known.insert(code.to_owned(), (Moment::now(), keys.clone()));
        }
        Ok(keys)
    }

    /// The index keys under which an Organization with this code is found.
    fn organization_identifiers(&self, code: &str) -> Result<Vec<Key>, Error> {
        let escape = |text: &str| -> String {
            text.chars()
                .flat_map(|c| matches!(c, '\\' | ',' | '|' | '$').then_some('\\').into_iter().chain([c]))
                .collect()
        };
        let values = organization_systems().map(|system| format!("{system}|{}", escape(code))).join(",");
        let options = self.search_options(Handling::Strict);
        let query =
            ::search::parse(ResourceType::ORGANIZATION, &[("identifier".to_owned(), values)], &options)?;
        let keys = query.criteria.into_iter().filter_map(|criterion| match criterion {
            ::search::query::Criterion::Identifier { keys, .. } => Some(keys),
            _ => None,
        });
        Ok(keys.flatten().collect())
    }
}
