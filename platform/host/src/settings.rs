//! Settings: declared with a default by their capability, changed in the store, read from memory. Other nodes see a
//! change when they reload. Holds no secret.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use yiwang_kernel::{Ctx, Error, Lang, Result, Text};
use yiwang_store::{Db, Tx};
use yiwang_web::Site;

use crate::{Capability, Setting, store};

/// Longest value of a setting.
pub const SETTING_CHARS_MAX: usize = 4_000;

/// Longest reason of a change.
const REASON_CHARS_MAX: usize = 200;

/// The settings of this installation.
pub struct Settings {
    declared: Vec<Setting>,
    set: RwLock<BTreeMap<String, String>>,
}

impl Settings {
    /// The settings these capabilities and host declare, with what the store says.
    pub async fn load(db: &Db, capabilities: &[Capability]) -> Result<Settings> {
        let own = crate::own::capability();
        let all = std::iter::once(&own).chain(capabilities);
        let declared = all.flat_map(|capability| capability.settings.clone()).collect();
        let settings = Settings { declared, set: RwLock::default() };
        settings.reload(db).await?;
        Ok(settings)
    }

    /// Reads the store again, for what other nodes changed.
    pub async fn reload(&self, db: &Db) -> Result<()> {
        let fresh = store::settings(db).await?.into_iter().collect();
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Every declared setting, in the capabilities' order.
    pub fn declared(&self) -> &[Setting] {
        &self.declared
    }

    /// The value of a declared setting.
    pub fn get(&self, name: &str) -> Result<String> {
        let declared = self.find(name)?;
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        Ok(set.get(name).cloned().unwrap_or_else(|| declared.default.to_owned()))
    }

    /// The value of a declared setting as a whole number.
    pub fn number(&self, name: &str) -> Result<i64> {
        let value = self.get(name)?;
        value.trim().parse().map_err(|_| Error::broken(format!("the setting {name} is no whole number")))
    }

    /// Sets a value within this transaction; call [`Settings::reload`] once it is committed.
    pub async fn set(&self, tx: &mut Tx<'_>, ctx: &Ctx, name: &str, value: &str) -> Result<()> {
        self.check(name, value)?;
        store::set(tx, ctx, name, value).await
    }

    /// Refuses a value that may not stand, naming the setting as the field.
    pub fn check(&self, name: &str, value: &str) -> Result<()> {
        let declared = self.find(name)?;
        if value.chars().count() > SETTING_CHARS_MAX {
            return Err(Error::invalid(name, "text-too-long").with("limit", SETTING_CHARS_MAX));
        }
        if declared.default.parse::<i64>().is_ok() && value.trim().parse::<i64>().is_err() {
            return Err(Error::invalid(name, "field-number"));
        }
        match (declared.wrong)(value) {
            Some(code) => Err(Error::invalid(name, code)),
            None => Ok(()),
        }
    }

    /// Sets a value as a person does: with a reason, kept with who, when and what it was before.
    pub async fn change(&self, db: &Db, ctx: &Ctx, name: &str, value: &str, reason: &str) -> Result<()> {
        let before = &self.get(name)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Error::invalid("reason", "field-missing"));
        }
        if reason.chars().count() > REASON_CHARS_MAX {
            return Err(Error::invalid("reason", "text-too-long").with("limit", REASON_CHARS_MAX));
        }
        self.check(name, value)?;
        if let Some(page) = self.find(name)?.page {
            return Err(Error::refused("setting-elsewhere").with("path", page));
        }
        let changed = db.tx(|tx| {
            Box::pin(async move {
                store::set(tx, ctx, name, value).await?;
                store::note(tx, ctx, name, (before, value), reason).await
            })
        });
        changed.await?;
        self.reload(db).await
    }

    /// What the city says about itself on every page.
    pub fn site(&self, demo: bool) -> Result<Site> {
        let text = |name: &str| -> Result<Text> {
            let of = |lang: Lang| self.get(&format!("host.{name}_{}", lang.code()));
            Ok(Text::new(of(Lang::Zh)?, of(Lang::En)?))
        };
        let footer = text("footer")?;
        let footer = if footer == Text::default() { Vec::new() } else { vec![footer] };
        Ok(Site {
            name: text("site_name")?,
            organiser: self.get("host.organiser")?,
            contact: self.get("host.contact")?,
            icp: self.get("host.icp")?,
            police: self.get("host.police")?,
            footer,
            address: self.get("host.address")?.trim().trim_end_matches('/').to_owned(),
            phone: self.get("host.phone")?,
            demo,
        })
    }

    /// The declared setting of this name.
    pub fn find(&self, name: &str) -> Result<&Setting> {
        let found = self.declared.iter().find(|setting| setting.name == name);
        found.ok_or_else(|| Error::not_found("setting-unknown").with("given", name))
    }
}
