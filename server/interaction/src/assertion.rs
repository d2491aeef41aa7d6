//! Using up the assertions by which clients show who they are, <https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html>.

use auth::Assertion;
use fhir::Error;

use crate::Server;

impl Server {
    /// Whether this assertion is used for the first time, in whichever process of those that share the database.
    ///
    /// # Errors
    /// When the database cannot be asked; then nobody knows.
    pub async fn use_assertion(&self, assertion: Assertion) -> Result<bool, Error> {
        self.store.use_assertion(assertion.key, assertion.until).await
    }
}
