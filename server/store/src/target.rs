//! What the rules need to know of the resources that a resource refers to: whether they are there and visible, and whose
//! they are. One statement answers for all references of a write.

use std::collections::HashMap;

use deadpool_postgres::GenericClient;
use fhir::{Key, ResourceType};
use tokio_postgres::Row;

use crate::access::Parameters;
use crate::content::resource_type;
use crate::{Access, Result, Store, Stored, error::from_postgres};

/// A resource that is referred to.
#[derive(Clone, Debug)]
pub struct Target {
    pub key: Key,
    pub resource_type: ResourceType,
    /// The organisation behind a service, a role or an episode; the owner of a task; the first performer of a request.
    pub owner: Option<Key>,
    pub patient: Option<Key>,
    pub parties: Option<Vec<Key>>,
    /// Whether its current version is a deletion.
    pub deleted: bool,
    /// Whether the caller may see it. Rules of the server may look at what the caller may not.
    pub visible: bool,
}

impl Store {
    /// Those of these resources that exist, deleted ones too: whoever brings one back to life must be a party to it. Of those in
    /// `contents` that are not deleted the current versions as well, whoever the caller is: they are for the rules alone.
    pub async fn targets(
        &self,
        access: &Access,
        keys: &[Key],
        contents: &[Key],
    ) -> Result<(Vec<Target>, Vec<Stored>)> {
        if keys.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let uuids = |keys: &[Key]| keys.iter().map(|key| key.uuid()).collect::<Vec<_>>();
        let mut parameters = Parameters::default();
        let n = parameters.push(uuids(keys));
        let visible = access.condition("r", &mut parameters);
        let mut sql =
            format!("SELECT r.key, r.resource_type, r.owner, r.patient, r.parties, r.deleted, {visible}");
        if contents.is_empty() {
            sql.push_str(" FROM resource r");
        } else {
            let m = parameters.push(uuids(contents));
            let columns = Stored::COLUMNS;
            // Of the others no version is looked for.
            sql.push_str(&format!(
                ", {columns} FROM resource r LEFT JOIN version v \
                 ON v.seq = CASE WHEN r.key = ANY(${m}) AND NOT r.deleted THEN r.seq END"
            ));
        }
        sql.push_str(&format!(" WHERE r.key = ANY(${n})"));
        let rows = self.rows(&sql, &parameters).await?;
        let has_content = |row: &&Row| !contents.is_empty() && row.get::<_, Option<i16>>(7).is_some();
        Ok((
            rows.iter().map(target).collect::<Result<_>>()?,
            rows.iter().filter(has_content).map(|row| Stored::from_row(row, 7)).collect::<Result<_>>()?,
        ))
    }

    /// Who put each of these entries of the directory there, of those of which that is known.
    pub async fn keepers(&self, keys: &[Key]) -> Result<HashMap<Key, Vec<Key>>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let keys: Vec<_> = keys.iter().map(|key| key.uuid()).collect();
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/keepers.sql")).await.map_err(from_postgres)?;
        let rows = client.query(&statement, &[&keys]).await.map_err(from_postgres)?;
        let keepers = |row: &Row| {
            let parties: Vec<uuid::Uuid> = row.get(1);
            (Key::from_uuid(row.get(0)), parties.into_iter().map(Key::from_uuid).collect())
        };
        Ok(rows.iter().map(keepers).collect())
    }

    /// The resources with one of these identifier keys (see [`search::IndexRows::identifiers`]), at most `limit`, the first that were
    /// made first.
    pub async fn identified(&self, identifiers: &[Key], limit: i64) -> Result<Vec<Key>> {
        let identifiers: Vec<_> = identifiers.iter().map(|key| key.uuid()).collect();
        let client = self.client().await?;
        let statement =
            client.prepare_cached(include_str!("../sql/identified.sql")).await.map_err(from_postgres)?;
        let rows = client.query(&statement, &[&identifiers, &limit]).await.map_err(from_postgres)?;
        Ok(rows.iter().map(|row| Key::from_uuid(row.get(0))).collect())
    }
}

fn target(row: &Row) -> Result<Target> {
    let parties: Option<Vec<uuid::Uuid>> = row.get(4);
    Ok(Target {
        key: Key::from_uuid(row.get(0)),
        resource_type: resource_type(row, 1)?,
        owner: row.get::<_, Option<_>>(2).map(Key::from_uuid),
        patient: row.get::<_, Option<_>>(3).map(Key::from_uuid),
        parties: parties.map(|parties| parties.into_iter().map(Key::from_uuid).collect()),
        deleted: row.get(5),
        visible: row.get(6),
    })
}

impl Store {
    /// Of these business identifiers those that are held, each with the resource that holds it; what this access may not see is
    /// left out.
    pub async fn holders(&self, access: &Access, identifiers: &[Key]) -> Result<Vec<(Key, String)>> {
        let mut parameters = Parameters::default();
        let n = parameters.push(identifiers.iter().map(|key| key.uuid()).collect::<Vec<_>>());
        let visible = access.condition("r", &mut parameters);
        let sql = format!(
            "SELECT b.value, r.resource_type, v.id FROM business_identifier b JOIN resource r ON r.key = b.source \
             JOIN version v ON v.seq = r.seq WHERE b.value = ANY(${n}) AND {visible}"
        );
        let rows = self.rows(&sql, &parameters).await?;
        let holder = |row: &Row| {
            let resource_type = ResourceType::from_number(row.get(1))?;
            Some((Key::from_uuid(row.get(0)), format!("{resource_type}/{}", row.get::<_, String>(2))))
        };
        Ok(rows.iter().filter_map(holder).collect())
    }
}

/// The keys of what refers to a resource whose key `is` this.
fn referring(is: &str) -> String {
    format!(
        "SELECT source FROM reference_index WHERE target {is} \
         UNION ALL SELECT key FROM resource WHERE owner {is} UNION ALL SELECT key FROM resource WHERE focus {is} \
         UNION ALL SELECT key FROM resource WHERE patient {is}"
    )
}

/// Whether anything refers to one of these resources, but for those in `except`.
pub(crate) async fn is_referred_to(
    client: &impl GenericClient,
    keys: &[Key],
    except: &[Key],
) -> Result<bool> {
    let [keys, except] = [keys, except].map(|keys| keys.iter().map(|key| key.uuid()).collect::<Vec<_>>());
    let sql = format!(
        "SELECT EXISTS (SELECT FROM resource r WHERE r.key IN ({}) AND NOT r.deleted AND r.key <> ALL($2))",
        referring("= ANY($1)")
    );
    let statement = client.prepare_cached(&sql).await.map_err(from_postgres)?;
    let row = client.query_one(&statement, &[&keys, &except]).await.map_err(from_postgres)?;
    Ok(row.get(0))
}

/// Who refers to a resource.
#[derive(Clone, Debug)]
pub struct Referrers {
    pub total: usize,
    /// `Type/id` of those that the caller may see.
    pub visible: Vec<String>,
}

impl Store {
    /// Up to `limit` resources that refer to this one, but for itself and for those in `except`.
    pub async fn referrers(
        &self,
        access: &Access,
        key: Key,
        except: &[Key],
        limit: i64,
    ) -> Result<Referrers> {
        let mut parameters = Parameters::default();
        let k = parameters.push(key.uuid());
        let e = parameters.push(except.iter().chain([&key]).map(|key| key.uuid()).collect::<Vec<_>>());
        let l = parameters.push(limit);
        let visible = access.condition("r", &mut parameters);
        let referring = referring(&format!("= ${k}"));
        let sql = format!(
            "SELECT r.resource_type, v.id, {visible} FROM resource r JOIN version v ON v.seq = r.seq \
             WHERE r.key IN ({referring}) AND NOT r.deleted AND r.key <> ALL(${e}) LIMIT ${l}"
        );
        let rows = self.rows(&sql, &parameters).await?;
        let name = |row: &Row| {
            let resource_type = ResourceType::from_number(row.get(0))?;
            Some(format!("{resource_type}/{}", row.get::<_, String>(1)))
        };
        Ok(Referrers {
            total: rows.len(),
            visible: rows.iter().filter(|row| row.get(2)).filter_map(name).collect(),
        })
    }
}
