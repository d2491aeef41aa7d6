//! Reads inside of a write: the entries of a transaction that read see what its other entries wrote, and their failure undoes
//! it, <https://hl7.org/fhir/R4/http.html#trules>.

use std::ops::Deref;
use std::sync::Arc;

use deadpool_postgres::Object;

use crate::change::{Commit, Written};
use crate::commit::write_under_conditions;
use crate::{Result, Store, error::from_postgres};

tokio::task_local! {
    /// The connection whose transaction the reads of this task belong to.
    static WITHIN: Arc<Object>;
}

/// A connection to read from: one of its own, or that of the transaction in which the reads take place.
#[expect(clippy::large_enum_variant, reason = "one a read, and it stays where it is made")]
pub(crate) enum Reader {
    Own(Object),
    Within(Arc<Object>),
}

impl Deref for Reader {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            Self::Own(object) => object,
            Self::Within(object) => object,
        }
    }
}

impl Store {
    pub(crate) async fn reader(&self) -> Result<Reader> {
        match WITHIN.try_with(Arc::clone) {
            Ok(object) => Ok(Reader::Within(object)),
            Err(_) => self.client().await.map(Reader::Own),
        }
    }

    /// Writes as [`Store::commit`] does; before it is final, what was written is read, and an error there undoes it. `None` when
    /// another writer was faster, and so nothing was written or read.
    ///
    /// # Errors
    /// Those of [`Store::commit`], and whatever `read` says.
    pub async fn commit_then<T>(
        &self,
        commit: Commit,
        read: impl Future<Output = Result<T>>,
    ) -> Result<Option<(Vec<Written>, T)>> {
        let open = Open::begin(self.client().await?).await?;
        let written = write_under_conditions(&**open.client(), &commit, &self.known).await?;
        let Some((written, learnt)) = written else {
            open.end("ROLLBACK").await?;
            return Ok(None);
        };
        match WITHIN.scope(open.client().clone(), read).await {
            Ok(read) => {
                open.end("COMMIT").await?;
                self.known.add(learnt);
                Ok(Some((written, read)))
            }
            Err(error) => {
                open.end("ROLLBACK").await?;
                Err(error)
            }
        }
    }
}

/// A connection in a transaction. One that is let go without an end, as when its request is given up, is closed, which undoes it.
struct Open(Option<Arc<Object>>);

impl Open {
    async fn begin(object: Object) -> Result<Self> {
        let open = Self(Some(Arc::new(object)));
        open.client().batch_execute("BEGIN").await.map_err(from_postgres)?;
        Ok(open)
    }

    fn client(&self) -> &Arc<Object> {
        self.0.as_ref().unwrap_or_else(|| unreachable!("it is open until its end"))
    }

    async fn end(mut self, statement: &str) -> Result<()> {
        self.client().batch_execute(statement).await.map_err(from_postgres)?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(object) = self.0.take().and_then(Arc::into_inner) {
            drop(Object::take(object));
        }
    }
}
