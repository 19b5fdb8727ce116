//! The command line, a contract kept stable: verbs, options, exit codes. Parses only.
//! Exit codes: 0 done, 2 wrong use, 3 refused input (nothing changed), 4 conflict, 5 unavailable.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use yiwang_kernel::{CivilDate, Lang};

/// 一网 Yiwang: the software a city government runs for its data and services.
#[derive(Debug, Parser)]
#[command(name = "yiwang", version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Options every verb takes.
    #[command(flatten)]
    pub(crate) shared: Shared,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options every verb takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Shared {
    /// The data directory.
    #[arg(long, global = true, env = "YIWANG_DATA", default_value = "./yiwang-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The store: a postgres:// address, or nothing for SQLite in the data directory.
    #[arg(long, global = true, env = "YIWANG_STORE", value_name = "URL", hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// The master key file; beside the data directory (DIR.keys) where not given, never inside.
    #[arg(long, global = true, env = "YIWANG_KEYS", value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Language of what is printed.
    #[arg(long, global = true, env = "YIWANG_LANG", default_value = "zh", value_enum)]
    pub(crate) lang: Language,
    /// Print one JSON document on standard output; progress goes to standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Build a demo city and serve it.
    Demo(Demo),
    /// Turn an empty directory into a city.
    Init(Init),
    /// Serve the city.
    Serve(Serve),
    /// Load tables.
    Load(Load),
    /// List the resources.
    Resources,
    /// Run a SELECT as the operator; the read is entered in the ledger.
    Query(Query),
    /// Check the ledger from its files alone.
    Verify(Verify),
    /// Say how the city is.
    Doctor,
    /// Measure; see docs/benchmarks.md.
    #[command(subcommand)]
    Bench(Bench),
    /// Mend accounts from the machine.
    #[command(subcommand)]
    Admin(Admin),
}

/// Where to listen.
#[derive(Debug, Clone, Args)]
pub(crate) struct Listen {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Which face to serve.
    #[arg(long, default_value = "all", value_enum)]
    pub(crate) face: FaceChoice,
}

/// Which face to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FaceChoice {
    /// Residents, firms, strangers.
    Public,
    /// Staff.
    Inside,
    /// Both.
    All,
}

/// `yiwang demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to listen.
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Same seed, same city.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The day the city is seen from (YYYY-MM-DD); today where not given.
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<CivilDate>,
    /// Rows of all tables together, about.
    #[arg(long, default_value_t = crate::demo::ROWS_DEFAULT, value_name = "N")]
    pub(crate) rows: u64,
    /// Build and stop.
    #[arg(long)]
    pub(crate) no_serve: bool,
    /// Remove an earlier demo first; refuses to remove a city.
    #[arg(long)]
    pub(crate) reset: bool,
}

/// `yiwang init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The city's name.
    #[arg(long)]
    pub(crate) name: String,
    /// Its region code (GB/T 2260, six digits).
    #[arg(long)]
    pub(crate) region: String,
    /// Leave files unsealed: for storage that encrypts by itself.
    #[arg(long)]
    pub(crate) unsealed: bool,
}

/// `yiwang serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen.
    #[command(flatten)]
    pub(crate) listen: Listen,
}

/// `yiwang load`.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// Files to load.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The department that provides the data (its code).
    #[arg(long, value_name = "CODE")]
    pub(crate) department: Option<String>,
    /// The resource to load into; drafted anew where not given.
    #[arg(long, value_name = "CODE")]
    pub(crate) resource: Option<String>,
    /// How the rows meet what is there.
    #[arg(long, default_value = "append", value_enum)]
    pub(crate) mode: LoadMode,
    /// Key columns, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "COLS")]
    pub(crate) key: Vec<String>,
    /// The grade, 1 to 4; counts as set by a person.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=4))]
    pub(crate) grade: Option<i64>,
    /// Say what would happen and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How the rows of a load meet what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LoadMode {
    /// Beside the ones there.
    Append,
    /// Instead of the ones there.
    Replace,
    /// Instead of those with the same key.
    Upsert,
}

/// `yiwang query`.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// One SELECT; a resource is a table by its code.
    pub(crate) sql: String,
    /// Why: stands in the ledger.
    #[arg(long)]
    pub(crate) reason: String,
    /// Print CSV.
    #[arg(long)]
    pub(crate) csv: bool,
}

/// `yiwang verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Copy the ledger to DIR, flip one byte there and check that the copy is found out.
    #[arg(long, value_name = "DIR")]
    pub(crate) tamper_copy: Option<PathBuf>,
}

/// `yiwang bench`.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// The median time of each SELECT.
    Sql {
        /// A SELECT; may be given several times.
        #[arg(long, required = true)]
        sql: Vec<String>,
        /// Times each is run.
        #[arg(long, default_value_t = 3)]
        repeat: usize,
    },
    /// The median time of the first, a middle and the last page of a table.
    Pages {
        /// The resource's code.
        #[arg(long)]
        resource: String,
        /// A sortable column.
        #[arg(long)]
        sort: Option<String>,
        /// Times each is read.
        #[arg(long, default_value_t = 15)]
        repeat: usize,
    },
    /// Durable ledger entries per second.
    Ledger {
        /// Entries in all.
        #[arg(long, default_value_t = 50_000)]
        entries: u64,
        /// Tasks that wait at once.
        #[arg(long, default_value_t = 64)]
        tasks: u64,
    },
}

/// `yiwang admin`.
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Give an account a new password, printed once; ends its sessions.
    Reset {
        /// The sign-in name.
        name: String,
        /// Why: stands in the record of privileged acts.
        #[arg(long)]
        reason: String,
    },
}

impl Shared {
    /// The language as the product knows it.
    pub(crate) fn language(&self) -> Lang {
        match self.lang {
            Language::Zh => Lang::Zh,
            Language::En => Lang::En,
        }
    }

    /// The master key file.
    pub(crate) fn keys_path(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| {
            let mut beside = self.data.components().as_path().as_os_str().to_owned();
            beside.push(".keys");
            beside.into()
        })
    }

    /// The store's address.
    pub(crate) fn store_url(&self) -> String {
        self.store.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("store.db").display()))
    }
}
