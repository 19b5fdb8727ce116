//! A small city on each database with a real lake: two departments, a steward who loads, a bureau that opens.

use std::collections::BTreeMap;
use std::ops::Deref;

use yiwang_accounts::NewDepartment;
use yiwang_catalogue::Duties;
use yiwang_catalogue::ops::{self as catalogue, OpenRequest};
use yiwang_collect::{LoadReport, LoadRequest, Source};
use yiwang_gate::Mask;
use yiwang_kernel::{CivilDate, Text};

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

/// One city per database.
pub(super) async fn cities() -> Vec<City> {
    let capabilities = || {
        vec![
            yiwang_messages::capability(),
            yiwang_accounts::capability(),
            yiwang_catalogue::capability(),
            yiwang_collect::capability(),
            crate::capability(),
        ]
    };
    let mut cities = Vec::new();
    for city in yiwang_testkit::City::each(capabilities).await {
        for code in DEPARTMENTS {
            let (name, opened) = (Text::new(code, code), CivilDate::new(2020, 1, 1));
            let new = NewDepartment { code: code.to_owned(), name, parent: None, place: 1, opened };
            let made = yiwang_accounts::ops::create_department(&city.platform, &city.system(), &new).await;
            made.expect("a department");
        }
        cities.push(City(city));
    }
    cities
}

impl City {
    /// Loads this text as the steward of C001; the one report.
    pub(super) async fn load(&self, file_name: &str, text: &str) -> LoadReport {
        self.load_into(file_name, text, None).await
    }

    /// Adds these rows to a resource.
    pub(super) async fn append(&self, code: &str, text: &str) {
        let report = self.load_into("more.csv", text, Some(code.to_owned())).await;
        assert_eq!(report.state, yiwang_collect::State::Loaded, "{}: {:?}", self.name, report.verdict);
    }

    async fn load_into(&self, file_name: &str, text: &str, resource: Option<String>) -> LoadReport {
        let request = LoadRequest {
            load: None,
            source: Source::Path(self.file(file_name, text)),
            file_name: file_name.to_owned(),
            department: None,
            resource,
            mode: yiwang_gate::Mode::Append,
            key: Vec::new(),
            grade: None,
            dry_run: false,
        };
        let loaded = yiwang_collect::ops::load(&self.platform, &self.steward("C001"), request, &|_| ()).await;
        let mut reports = loaded.expect("loaded");
        assert_eq!(reports.len(), 1, "{}", self.name);
        reports.remove(0)
    }

    /// Loads this text, has the entry published and opened with these masks; its code.
    pub(super) async fn open(&self, file_name: &str, text: &str, masks: BTreeMap<String, Mask>) -> String {
        let code = self.load(file_name, text).await.resource;
        self.publish(&code, masks).await;
        code
    }

    /// Has a drafted entry published and opened with these masks.
    pub(super) async fn publish(&self, code: &str, masks: BTreeMap<String, Mask>) {
        let (steward, bureau) = (self.steward("C001"), self.bureau());
        let entry = catalogue::entry(&self.platform, &steward, code).await.expect("the draft");
        let mut content = entry.content.clone();
        content.summary = Text::new("城区公共停车场", "Public parking");
        content.duties = Duties::all("数据科 张三");
        content.grade = Some(1);
        content.theme = "transport".to_owned();
        content.opening = yiwang_catalogue::Opening::Unconditional;
        catalogue::edit(&self.platform, &steward, code, entry.revision, &content).await.expect("edited");
        catalogue::submit(&self.platform, &steward, code).await.expect("submitted");
        catalogue::approve(&self.platform, &bureau, code).await.expect("approved");
        let request = OpenRequest { fields: Vec::new(), masks, reason: String::new() };
        catalogue::open(&self.platform, &bureau, code, &request).await.expect("opened");
    }
}
