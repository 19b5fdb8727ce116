//! The command line, a contract kept stable: verbs, options, exit codes. Parses only.
//! Exit codes: 0 done, 2 wrong use, 3 refused input (nothing changed), 4 conflict, 5 unavailable.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use yiwang_kernel::{CivilDate, Error, Lang, Result};

use crate::output::Sink;

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
    /// The folder in which the tables' files lie (DIR or file:///DIR), where not in the data directory; chosen when the
    /// city is made.
    #[arg(long, global = true, env = "YIWANG_LAKE", value_name = "URL")]
    pub(crate) lake: Option<String>,
    /// Language of what is printed.
    #[arg(long, global = true, env = "YIWANG_LANG", default_value = "zh", value_enum)]
    pub(crate) lang: Language,
    /// Print one JSON document on standard output; progress goes to standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Where the verb speaks to: the terminal, or the process that asked for it.
    #[arg(skip)]
    pub(crate) sink: Sink,
}

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// What to do. A verb that is not skipped may be asked of the process that owns the directory (`owner`).
#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum Verb {
    /// Build a demo city and serve it.
    #[serde(skip)]
    Demo(Demo),
    /// Turn an empty directory into a city.
    #[serde(skip)]
    Init(Init),
    /// Serve the city.
    #[serde(skip)]
    Serve(Serve),
    /// Load tables.
    Load(Load),
    /// List the resources.
    Resources,
    /// Run a SELECT as the operator; the read is entered in the ledger.
    Query(Query),
    /// Check the ledger from its files alone.
    Verify(Verify),
    /// Copy the whole city, while it runs, into an empty directory.
    Backup(Backup),
    /// Make a city out of a backup: --data names the new directory.
    #[serde(skip)]
    Restore(Restore),
    /// Say what an upgrade to this program would do.
    #[serde(skip)]
    Upgrade(Upgrade),
    /// Throw derived things away and build them anew: the search index, key and order indexes.
    Rebuild(Rebuild),
    /// Say how the city is.
    Doctor,
    /// Measure; see docs/benchmarks.md.
    #[command(subcommand)]
    #[serde(skip)]
    Bench(Bench),
    /// Mend accounts, and accept what was lost, from the machine.
    #[command(subcommand)]
    Admin(Admin),
    /// Witness another body's ledger: check that it only grew, sign its head, hand it in.
    #[serde(skip)]
    Witness(Witness),
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
    /// Let others in: roles are switched behind one pass phrase, printed at the start.
    #[arg(long)]
    pub(crate) share: bool,
    /// Remove an earlier demo first; refuses to remove a city.
    #[arg(long)]
    pub(crate) reset: bool,
}

/// `yiwang init`. Without name or region it asks, on a terminal.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The city's name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Its name in English.
    #[arg(long)]
    pub(crate) name_en: Option<String>,
    /// Its region code (GB/T 2260, six digits).
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// The system administrator: sign-in name and person.
    #[arg(long, value_name = "NAME[:PERSON]", default_value = "system")]
    pub(crate) system: String,
    /// The security administrator.
    #[arg(long, value_name = "NAME[:PERSON]", default_value = "security")]
    pub(crate) security: String,
    /// The audit administrator.
    #[arg(long, value_name = "NAME[:PERSON]", default_value = "audit")]
    pub(crate) audit: String,
    /// A setting to begin with; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
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
#[derive(Debug, Args, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum LoadMode {
    /// Beside the ones there.
    Append,
    /// Instead of the ones there.
    Replace,
    /// Instead of those with the same key.
    Upsert,
}

/// `yiwang query`.
#[derive(Debug, Args, Serialize, Deserialize)]
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
#[derive(Debug, Args, Serialize, Deserialize)]
pub(crate) struct Verify {
    /// Copy the ledger to DIR, flip one byte there and check that the copy is found out.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["backup", "head", "key", "witness"])]
    pub(crate) tamper_copy: Option<PathBuf>,
    /// Check this backup instead: signature, every file, its ledger. Needs no master key.
    #[arg(long, value_name = "DIR")]
    pub(crate) backup: Option<PathBuf>,
    /// A head kept elsewhere (a file or its text): the log must contain it. May be given several times.
    #[arg(long, value_name = "FILE|TEXT")]
    pub(crate) head: Vec<String>,
    /// A log's verifier key kept elsewhere (a file or its text): finds a wholly forged log. May be given several times.
    #[arg(long, value_name = "FILE|TEXT")]
    pub(crate) key: Vec<String>,
    /// A witness's verifier key (a file or its text): one of the heads given must be signed by it. May be given several
    /// times.
    #[arg(long, value_name = "FILE|TEXT", requires = "head")]
    pub(crate) witness: Vec<String>,
}

/// `yiwang backup`.
#[derive(Debug, Args, Serialize, Deserialize)]
pub(crate) struct Backup {
    /// An empty or new directory outside the data directory.
    #[arg(value_name = "DIR")]
    pub(crate) to: PathBuf,
}

/// `yiwang restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup.
    #[arg(value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The last head of the old ledger that somebody kept (a file or its text): says how much is lost.
    #[arg(long, value_name = "FILE|TEXT")]
    pub(crate) head: Option<String>,
    /// The old ledger's directory, where it is still at hand: says how much is lost, and lists what was decided and
    /// erased after the backup.
    #[arg(long, value_name = "DIR")]
    pub(crate) old_ledger: Option<PathBuf>,
    /// Why the city goes on although entries up to that head are lost: stands in the new ledger.
    #[arg(long, value_name = "REASON")]
    pub(crate) accept_gap: Option<String>,
}

/// `yiwang upgrade`.
#[derive(Debug, Args)]
pub(crate) struct Upgrade {
    /// Compare formats and tables with this program and change nothing.
    #[arg(long, required = true)]
    pub(crate) check: bool,
}

/// `yiwang rebuild`.
#[derive(Debug, Args, Serialize, Deserialize)]
pub(crate) struct Rebuild {
    /// The search index; with neither option, everything.
    #[arg(long)]
    pub(crate) search: bool,
    /// Key and order indexes of the tables.
    #[arg(long)]
    pub(crate) indexes: bool,
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
    /// The median time of pages of a table at several depths, unsorted and sorted; builds the indexes first.
    Pages {
        /// The resource's code.
        #[arg(long)]
        resource: String,
        /// A sortable column; may be given several times.
        #[arg(long)]
        sort: Vec<String>,
        /// Neighbouring pages read at each depth.
        #[arg(long, default_value_t = 15)]
        repeat: usize,
    },
    /// Rows found by key per second, each call with its own durable ledger entry.
    Lookups {
        /// The resource's code; its table has a key.
        #[arg(long)]
        resource: String,
        /// Calls in all.
        #[arg(long, default_value_t = 20_000)]
        calls: usize,
        /// Tasks that call at once.
        #[arg(long, default_value_t = 64)]
        tasks: usize,
        /// Keys per call.
        #[arg(long, default_value_t = 1)]
        together: usize,
    },
    /// What the gate and the ledger cost reads of many rows of an open resource.
    Reads {
        /// The resource's code; it is open to the public.
        #[arg(long)]
        resource: String,
        /// Rows of a read, at most 10,000; 0 for the whole table.
        #[arg(long, default_value_t = 10_000)]
        rows: u64,
        /// Reads of each kind.
        #[arg(long, default_value_t = 51)]
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
#[derive(Debug, Subcommand, Serialize, Deserialize)]
pub(crate) enum Admin {
    /// Give an account a new password, printed once; ends its sessions.
    Reset {
        /// The sign-in name.
        name: String,
        /// Why: stands in the record of privileged acts.
        #[arg(long)]
        reason: String,
    },
    /// Serve although the ledger does not reach a head that a witness signed.
    AcceptGap {
        /// Why: stands in the ledger.
        #[arg(long)]
        reason: String,
    },
}

/// `yiwang witness`. Needs no city; run it from time to time, by another body, on another machine.
#[derive(Debug, Args)]
pub(crate) struct Witness {
    /// Where the city is: https://data.example.gov.cn.
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// The witness's key. Made where there is none; the last head seen (FILE.head) and the log's key (FILE.log)
    /// stand beside it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The name to sign by, when the key is made.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The city began a new log (a restore): follow that one from now on.
    #[arg(long)]
    pub(crate) new_log: bool,
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

    /// The folder in which `lake/` is to lie, where one is asked for. What is no folder of this machine is refused.
    pub(crate) fn lake_place(&self) -> Result<Option<PathBuf>> {
        let Some(given) = self.lake.as_deref().map(str::trim).filter(|given| !given.is_empty()) else {
            return Ok(None);
        };
        let refused = || Error::invalid("lake", "lake-address").with("given", given);
        let folder = match given.strip_prefix("file:") {
            Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
            None => given,
        };
        let is_local = if folder == given { !given.contains("://") } else { folder.starts_with('/') };
        if folder.is_empty() || !is_local {
            return Err(refused());
        }
        let place = std::path::absolute(folder).map_err(|_| refused())?;
        let is_data = std::path::absolute(&self.data).is_ok_and(|data| data == place);
        Ok((!is_data).then_some(place))
    }

    /// The store's address.
    pub(crate) fn store_url(&self) -> String {
        self.store.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("store.db").display()))
    }
}
