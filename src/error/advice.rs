//! What to do about an error, as data: the words are those of whoever shows it.

/// What would help, where it takes more than words: a program words it by its own flags and commands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Get credentials for the deployment.
    SignIn,
    /// Say which deployment to talk to.
    SelectDeployment,
    /// Look at the root URL and at the network.
    CheckRootUrl,
    /// Trust the authority that certifies the deployment.
    TrustCertificate,
    /// Give a try more time.
    AllowMoreTime,
    /// Choose the deployment at this root URL.
    UseRootUrl(String),
    /// See which services there are.
    ListServices,
    /// Use the services of 2018, which have what was asked for.
    UseLegacy,
    /// See which methods this service has.
    ListMethods(String),
    /// Look for it in the references of the deployment itself, which may be of another version.
    OtherReferences,
    /// See which schemas there are.
    ListSchemas,
    /// See which artifacts this task has.
    ListArtifacts(String),
    /// Fetch the artifact by other means.
    FetchByUrl,
    /// Write to another file.
    ChooseFile,
    /// Choose another port to wait on.
    ChoosePort,
    /// Sign in without waiting on a port.
    PasteAddress,
    /// Repair the settings file.
    EditSettings,
    /// Give this setting a value.
    SetSetting {
        /// The setting.
        key: String,
        /// What its value is, in capitals.
        value: &'static str,
    },
    /// See which profiles there are.
    ListProfiles,
}
