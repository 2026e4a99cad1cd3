//! What can be wrong with a state directory, and the way out.

use std::path::Path;

use planner_core::digest::PlanId;

use crate::store::StoreError;

/// Why the state directory cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system refuses it.
    #[error("{path}: {reason}")]
    Denied {
        /// File or folder.
        path: String,
        /// In the system's words.
        reason: String,
        /// What to do.
        hint: &'static str,
        /// Whether it was refused while work was under way: no room, a broken disk.
        broke: bool,
    },
    /// There is no such plan.
    #[error("there is no plan {id} in {folder}")]
    NoPlan {
        /// The id.
        id: PlanId,
        /// Where it was looked for.
        folder: String,
    },
    /// The plan file is not what was written.
    #[error("{path} is not the plan that was written: {reason}")]
    PlanChanged {
        /// The file.
        path: String,
        /// What differs.
        reason: String,
    },
    /// Another plan of the same id is there.
    #[error("plan {id} exists with digest {existing}; the plan made now has {made}")]
    OtherPlan {
        /// The id of both.
        id: PlanId,
        /// Digest of the stored one.
        existing: String,
        /// Digest of the one just made.
        made: String,
    },
    /// Written by a later version.
    #[error("{path} has format {found}; this Penstock knows up to {known}")]
    Later {
        /// The file.
        path: String,
        /// Its format.
        found: u64,
        /// The last one known here.
        known: u32,
    },
    /// The checkpoint is there, its database is not.
    #[error("{database} is missing, though {checkpoint} tells of a run ({standing})")]
    DatabaseMissing {
        /// What is missing.
        database: String,
        /// What is there.
        checkpoint: String,
        /// What it says.
        standing: String,
    },
    /// Another process has the run.
    #[error("another penstock is running plan {0}")]
    Busy(PlanId),
    /// The database cannot be used.
    #[error("{path}: {reason}")]
    Database {
        /// The file.
        path: String,
        /// Why.
        reason: String,
        /// Whether a later version wrote it.
        later: bool,
    },
}

impl StateError {
    /// The system's refusal of a file, with what to do about it.
    pub(super) fn of(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let (hint, broke) = match error.kind() {
            Kind::PermissionDenied => {
                ("it belongs to another user, or may not be written: run as its owner, or set another --state-dir", false)
            }
            Kind::ReadOnlyFilesystem => ("set --state-dir to a place that can be written", false),
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
                ("make room on that disk and repeat the command; nothing was lost", true)
            }
            Kind::NotADirectory | Kind::AlreadyExists => {
                ("something else is in its place: move it away, or set another --state-dir", false)
            }
            _ => ("", true),
        };
        Self::Denied { path: path.display().to_string(), reason: error.to_string(), hint, broke }
    }

    /// The store's refusal of a database.
    pub(super) fn store(path: &Path, error: &StoreError) -> Self {
        let later = matches!(error, StoreError::Newer { .. });
        Self::Database { path: path.display().to_string(), reason: error.to_string(), later }
    }

    /// Stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied { .. } => "state-denied",
            Self::NoPlan { .. } => "plan-missing",
            Self::PlanChanged { .. } => "plan-changed",
            Self::OtherPlan { .. } => "plan-differs",
            Self::Later { .. } => "state-later",
            Self::DatabaseMissing { .. } => "run-database-missing",
            Self::Busy(_) => "run-busy",
            Self::Database { .. } => "run-database",
        }
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Denied { hint, .. } => (*hint).to_owned(),
            Self::NoPlan { .. } => "`penstock plan --target <db.table> …` makes it; --state-dir says where plans are kept".into(),
            Self::PlanChanged { path, .. } => format!("plans are never edited: put the file back, or remove {path} and plan again"),
            Self::OtherPlan { .. } => "the tables, the settings or the options changed since; --force replaces the stored plan".into(),
            Self::Later { .. } | Self::Database { later: true, .. } => "use the version of Penstock that wrote it, or a later one".into(),
            Self::DatabaseMissing { checkpoint, .. } => format!(
                "put the database back from a backup; or move {checkpoint} away and run the plan again: what the target holds already is told by its content and not written twice"
            ),
            Self::Busy(id) => format!("`penstock status --plan-id {id}` shows it, `penstock cancel --plan-id {id}` ends it"),
            Self::Database { path, .. } => {
                format!(
                    "put {path} back from a backup; or move it and its checkpoint away and run the plan again: what the target holds already is told by its content"
                )
            }
        }
    }

    /// Whether it happened while work was under way, and not before any was begun.
    pub fn broke(&self) -> bool {
        matches!(self, Self::Denied { broke: true, .. })
    }
}
