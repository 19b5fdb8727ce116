//! A small city on each database with a real lake: two departments, each with a steward who loads.

use std::ops::Deref;

use yiwang_accounts::NewDepartment;
use yiwang_host::Capability;
use yiwang_kernel::{CivilDate, Result, Text};

use crate::ops;
use crate::{LoadReport, LoadRequest, Source};

/// The departments' codes.
const DEPARTMENTS: [&str; 2] = ["C001", "C002"];

/// A city with departments.
pub(super) struct City(yiwang_testkit::City);

impl Deref for City {
    type Target = yiwang_testkit::City;

    fn deref(&self) -> &yiwang_testkit::City {
        &self.0
    }
}

/// Loading and what it stands on.
pub(super) fn capabilities() -> Vec<Capability> {
    vec![
        yiwang_messages::capability(),
        yiwang_accounts::capability(),
        yiwang_catalogue::capability(),
        crate::capability(),
    ]
}

/// One city per database.
pub(super) async fn cities() -> Vec<City> {
    let mut cities = Vec::new();
    for city in yiwang_testkit::City::each(capabilities).await {
        cities.push(City::found(city).await);
    }
    cities
}

impl City {
    /// Gives a new city its departments.
    pub(super) async fn found(city: yiwang_testkit::City) -> City {
        for code in DEPARTMENTS {
            let (name, opened) = (Text::new(code, code), CivilDate::new(2020, 1, 1));
            let new = NewDepartment { code: code.to_owned(), name, parent: None, place: 1, opened };
            let made = yiwang_accounts::ops::create_department(&city.platform, &city.system(), &new).await;
            made.expect("a department");
        }
        City(city)
    }

    /// A city that has its departments.
    pub(super) fn over(city: yiwang_testkit::City) -> City {
        City(city)
    }

    /// The city itself.
    pub(super) fn into_inner(self) -> yiwang_testkit::City {
        self.0
    }

    /// A request to load this text.
    pub(super) fn request(&self, file_name: &str, text: &str) -> LoadRequest {
        LoadRequest {
            load: None,
            source: Source::Path(self.file(file_name, text)),
            file_name: file_name.to_owned(),
            department: None,
            resource: None,
            mode: yiwang_gate::Mode::Append,
            key: Vec::new(),
            grade: None,
            dry_run: false,
        }
    }

    /// Loads as the steward of C001; the one report.
    pub(super) async fn load(&self, request: &LoadRequest) -> Result<LoadReport> {
        let ctx = self.steward("C001");
        let mut reports = ops::load(&self.platform, &ctx, request.clone(), &|_| ()).await?;
        assert_eq!(reports.len(), 1, "{}", self.name);
        Ok(reports.remove(0))
    }
}
