//! What people do with the catalogue, on both databases.

use yiwang_gate::grants::{self, FindGrants};
use yiwang_gate::{Grantee, Mask, PURPOSE_PUBLIC};
use yiwang_kernel::{CivilDate, Ctx, Error, PageRequest, Text};

use super::city::{City, cities, content};
use crate::model::{Content, Entry, Field, Integrated, Opened, Opening, State};
use crate::ops::{self, Find, LoadedField, LoadedTable, OpenRequest};

async fn published(city: &City, content: &Content) -> Entry {
    let steward = city.steward(&content.provider);
    let entry = ops::create(&city.platform, &steward, None, content).await.expect("made");
    ops::submit(&city.platform, &steward, &entry.code).await.expect("submitted");
    ops::approve(&city.platform, &city.bureau(), &entry.code).await.expect("approved")
}

async fn load(city: &City, table: &LoadedTable) -> Entry {
    let ctx = city.steward(&table.department);
    let ctx = &ctx;
    let entry = city.platform.db.tx(|tx| Box::pin(async move { ops::draft_from_load(tx, ctx, table).await })).await;
    let entry = entry.expect("bound");
    ops::index(&city.platform, std::slice::from_ref(&entry.code)).await.expect("indexed");
    entry
}

fn table(code: &str) -> LoadedTable {
    let column = |name: &str, zh: &str| LoadedField {
        name: name.into(),
        title: Text::new(zh, ""),
        r#type: "text".into(),
        sortable: true,
        ..LoadedField::default()
    };
    LoadedTable {
        resource: code.into(),
        title: Text::new("路灯清单", ""),
        department: "C002".into(),
        fields: vec![column("mc", "名称"), column("dz", "地址")],
        version: 1,
        rows: 12,
        grade: None,
    }
}

async fn found(city: &City, ctx: &Ctx, text: &str) -> Vec<String> {
    let find = Find { text: text.into(), page: 1, rows: 5, ..Find::default() };
    let found = ops::find(&city.platform, ctx, &find).await.expect("searched");
    assert!(found.total >= found.rows.len() as u64);
    found.rows.into_iter().map(|row| row.entry.code).collect()
}

fn refusal(error: Result<Entry, Error>) -> (String, &'static str) {
    let error = error.expect_err("refused");
    let field = match &error {
        Error::Invalid { field, .. } => field.clone(),
        _ => String::new(),
    };
    (field, error.code())
}

#[tokio::test]
async fn a_draft_is_for_its_department_and_a_published_entry_for_everybody() {
    for city in cities().await {
        let (platform, steward) = (&city.platform, city.steward("C002"));
        let entry = ops::create(platform, &steward, None, &content("停车场", "C002")).await.expect("made");
        assert_eq!(entry.code, "300002-000001", "{}", city.name);
        assert_eq!(found(&city, &steward, "停车场").await, [entry.code.as_str()]);
        for other in [city.stranger(), city.steward("C003")] {
            assert_eq!(found(&city, &other, "停车场").await, Vec::<String>::new());
            assert_eq!(ops::entry(platform, &other, &entry.code).await.expect_err("a draft").status(), 404);
        }
        let foreign = ops::submit(platform, &city.steward("C003"), &entry.code).await;
        assert_eq!(foreign.expect_err("another's").status(), 403);
        ops::submit(platform, &steward, &entry.code).await.expect("submitted");
        assert_eq!(ops::to_review(platform, &city.bureau(), &PageRequest::default()).await.expect("a list").total, 1);
        assert_eq!(ops::approve(platform, &steward, &entry.code).await.expect_err("own").status(), 403);
        ops::approve(platform, &city.bureau(), &entry.code).await.expect("approved");
        assert_eq!(found(&city, &city.stranger(), "tcc").await, [entry.code.as_str()]);
        ops::retire(platform, &city.bureau(), &entry.code, "并入另一目录").await.expect("retired");
        assert_eq!(found(&city, &city.stranger(), "停车场").await, Vec::<String>::new());
        assert_eq!(ops::entry(platform, &city.stranger(), &entry.code).await.expect_err("retired").status(), 410);
        let (_, changes) = ops::history(platform, &steward, &entry.code).await.expect("a history");
        let acts: Vec<&str> = changes.iter().map(|change| change.act.as_str()).collect();
        assert_eq!(acts, ["retire", "publish", "submit", "create"]);
    }
}

#[tokio::test]
async fn publication_is_refused_naming_the_step_nobody_answers_for() {
    for city in cities().await {
        let steward = city.steward("C002");
        let mut lacking = content("井盖", "C002");
        lacking.duties.store.clear();
        let entry = ops::create(&city.platform, &steward, None, &lacking).await.expect("made");
        let refused = ops::submit(&city.platform, &steward, &entry.code).await;
        assert_eq!(refusal(refused), ("duty_store".into(), "catalogue-duty-missing"));
        ops::edit(&city.platform, &steward, &entry.code, 1, &content("井盖", "C002")).await.expect("mended");
        ops::submit(&city.platform, &steward, &entry.code).await.expect("submitted");
        let late = ops::edit(&city.platform, &steward, &entry.code, 1, &lacking).await;
        assert_eq!(late.expect_err("changed meanwhile").status(), 409);
        let unknown = ops::create(&city.platform, &city.system(), None, &content("井盖", "C999")).await;
        assert_eq!(refusal(unknown), ("provider".into(), "catalogue-provider-unknown"));
    }
}

#[tokio::test]
async fn an_item_is_withheld_only_with_a_basis_and_shareable_again_when_it_ends() {
    for city in cities().await {
        let (platform, steward) = (&city.platform, city.steward("C002"));
        let code = published(&city, &content("案件", "C002")).await.code;
        let bare = ops::withhold(platform, &steward, &code, "dz", " ", None).await.expect_err("no basis");
        assert!(matches!(bare, Error::Invalid { ref field, .. } if field == "basis"), "{}", city.name);
        let today = city.platform.clock.now().date();
        let list = |day: CivilDate| ops::negative_list(platform, day);
        assert!(list(today).await.expect("a list").is_empty());
        let basis = "《某条例》第三条";
        let item =
            ops::withhold(platform, &steward, &code, "dz", basis, Some(today.plus_days(10))).await.expect("listed");
        assert_eq!(list(today).await.expect("a list"), std::slice::from_ref(&item));
        assert_eq!(ops::live_withheld(platform, &steward, &code).await.expect("items"), std::slice::from_ref(&item));
        assert!(ops::withhold(platform, &steward, &code, "dz", basis, None).await.is_err(), "twice");

        city.clock.advance_s(11 * 86_400);
        assert!(ops::live_withheld(platform, &steward, &code).await.expect("items").is_empty());
        assert!(list(today.plus_days(11)).await.expect("a list").is_empty());
        assert_eq!(list(today.plus_days(9)).await.expect("a list").len(), 1);
        assert!(list(today.plus_days(-1)).await.expect("a list").is_empty());
        assert_eq!(ops::lapsed(platform, &steward).await.expect("for review"), std::slice::from_ref(&item));
        assert!(ops::lapsed(platform, &city.steward("C003")).await.expect("not theirs").is_empty());
        assert_eq!(ops::note_ended(platform, &city.system()).await.expect("announced"), 1);
        ops::release(platform, &steward, item.id).await.expect("looked at");
        assert!(ops::lapsed(platform, &steward).await.expect("done").is_empty());

        let again = ops::withhold(platform, &steward, &code, "", basis, None).await.expect("the whole entry");
        let classes = vec![("class", vec!["withheld".to_owned()])];
        let find = Find { facets: classes, page: 1, rows: 5, ..Find::default() };
        assert_eq!(ops::find(platform, &city.stranger(), &find).await.expect("found").total, 1);
        ops::release(platform, &steward, again.id).await.expect("removed");
        assert!(ops::live_withheld(platform, &steward, &code).await.expect("at once").is_empty());
        assert_eq!(ops::find(platform, &city.stranger(), &find).await.expect("found").total, 0);
    }
}

#[tokio::test]
async fn a_load_drafts_an_entry_and_publishes_nothing() {
    for city in cities().await {
        let code = ops::new_code(&city.platform, "C002").await.expect("a code");
        let entry = load(&city, &table(&code)).await;
        assert_eq!((entry.state, entry.opened, entry.content.grade), (State::Draft, Opened::Closed, None));
        assert_eq!(found(&city, &city.stranger(), "路灯").await, Vec::<String>::new());
        assert_eq!(found(&city, &city.steward("C002"), "ludeng").await, [code.as_str()]);
        let mut next = table(&code);
        next.version = 2;
        next.fields.push(LoadedField {
            name: "sjh".into(),
            title: Text::new("手机号", ""),
            r#type: "text".into(),
            kind: Some("mobile".into()),
            personal: true,
            ..LoadedField::default()
        });
        let entry = load(&city, &next).await;
        assert_eq!(entry.attached.expect("data").version, 2);
        assert_eq!(entry.content.fields.len(), 3);
        assert_eq!(entry.content.fields[2].mask, Some(Mask::Null), "covered until a person says otherwise");
        let attached = ops::attached(&city.platform, &city.steward("C002")).await.expect("a list");
        assert_eq!(attached.len(), 1, "{}", city.name);
    }
}

#[tokio::test]
async fn opening_is_refused_by_name_until_nothing_stands_against_it() {
    for city in cities().await {
        let (platform, bureau) = (&city.platform, city.bureau());
        let mut entry = content("驾驶员", "C002");
        entry.fields.push(Field { kind: Some("citizen".into()), ..Field::new("sfz", Text::new("身份证号", "")) });
        entry.grade = None;
        let code = published(&city, &entry).await.code;
        let all = OpenRequest::default();
        let (code_of, by) = (&code, &bureau);
        let open = |request: OpenRequest| async move { ops::open(platform, by, code_of, &request).await };
        assert_eq!(refusal(open(all.clone()).await).1, "catalogue-open-no-data");
        let share = async || ops::integration(platform).await.expect("counted").0;
        let integrated = |attached: u64| vec![("C002".to_owned(), Integrated { entries: 1, attached })];
        assert_eq!(share().await, integrated(0), "{}", city.name);
        load(&city, &LoadedTable { rows: 3, ..table(&code) }).await;
        assert_eq!(share().await, integrated(1), "{}", city.name);
        assert_eq!(refusal(open(all.clone()).await).1, "catalogue-open-ungraded");
        assert_eq!(
            ops::open(platform, &city.steward("C002"), &code, &all).await.expect_err("not theirs").status(),
            403
        );

        entry.grade = Some(3);
        regraded(&city, &code, &entry).await;
        assert_eq!(refusal(open(all.clone()).await), ("reason".into(), "catalogue-open-grade"));
        let reasoned = OpenRequest { reason: "依《办法》第五条开放".into(), ..all.clone() };
        assert_eq!(refusal(open(reasoned.clone()).await), ("sfz".into(), "catalogue-open-personal"));
        ops::withhold(platform, &bureau, &code, "dz", "《某法》第一条", None).await.expect("listed");
        let two = OpenRequest { fields: vec!["mc".into(), "dz".into()], ..reasoned.clone() };
        assert_eq!(refusal(open(two).await), ("dz".into(), "catalogue-open-withheld"));
        let masks = [("sfz".to_owned(), Mask::Keep { first: 3, last: 4 })].into();
        let fields = vec!["mc".into(), "sfz".into()];
        let opened = open(OpenRequest { fields, masks, ..reasoned }).await.expect("nothing stands against it");
        assert_eq!((opened.opened, opened.opened_fields.len()), (Opened::Open, 2), "{}", city.name);
        let grants = public_grants(&city, &code).await;
        assert_eq!((grants.len(), grants[0].purpose.as_str(), grants[0].masks.len()), (1, PURPOSE_PUBLIC, 1));
        let again = load(&city, &LoadedTable { version: 2, ..table(&code) }).await;
        assert_eq!(again.opened, Opened::Open, "a covered field stays open");

        let mut bare = again.content.clone();
        bare.fields[2].mask = None;
        assert_eq!(refusal(reworded(&city, &code, &bare).await), ("sfz".into(), "catalogue-open-personal"));
        ops::send_back(platform, by, &code, "不能去掉脱敏").await.expect("sent back");
        bare.fields[2].mask = Some(Mask::Null);
        reworded(&city, &code, &bare).await.expect("another cover");
        let grants = public_grants(&city, &code).await;
        assert_eq!(grants[0].masks.values().collect::<Vec<_>>(), [&Mask::Null]);
    }
}

#[tokio::test]
async fn a_take_down_is_one_operation_and_complete() {
    for city in cities().await {
        let platform = &city.platform;
        let code = published(&city, &content("停车场", "C002")).await.code;
        load(&city, &LoadedTable { title: Text::new("停车场", ""), ..table(&code) }).await;
        ops::open(platform, &city.bureau(), &code, &OpenRequest::default()).await.expect("opened");
        assert_eq!(found(&city, &city.stranger(), "停车场").await, [code.as_str()]);

        let open = ops::withhold(platform, &city.bureau(), &code, "mc", "《某法》", None).await;
        assert_eq!(open.expect_err("it is open").code(), "catalogue-withhold-open");
        assert!(ops::take_down(platform, &city.steward("C002"), &code, "").await.is_err(), "a reason is needed");
        let entry = ops::take_down(platform, &city.steward("C002"), &code, "发现个人信息").await.expect("taken down");
        assert_eq!(entry.opened, Opened::TakenDown);
        assert!(public_grants(&city, &code).await.iter().all(|grant| grant.suspended), "{}", city.name);
        assert_eq!(found(&city, &city.stranger(), "停车场").await, Vec::<String>::new());
        let gone = ops::entry(platform, &city.stranger(), &code).await.expect_err("gone");
        assert_eq!((gone.status(), gone.code()), (410, "catalogue-taken-down"));
        assert_eq!(found(&city, &city.steward("C002"), "停车场").await, [code.as_str()]);

        assert!(ops::restore(platform, &city.steward("C002"), &code, "已处理").await.is_err(), "not theirs to restore");
        ops::restore(platform, &city.bureau(), &code, "已处理").await.expect("restored");
        assert!(public_grants(&city, &code).await.iter().any(|grant| grant.is_live(platform.clock.now())));
        assert_eq!(found(&city, &city.stranger(), "停车场").await, [code.as_str()]);
        ops::withdraw_opening(platform, &city.bureau(), &code, "不再提供").await.expect("closed");
        assert!(!public_grants(&city, &code).await.iter().any(|grant| grant.is_live(platform.clock.now())));
        ops::take_down(platform, &city.bureau(), &code, "再查").await.expect("taken down");
        let restored = ops::restore(platform, &city.bureau(), &code, "无碍").await.expect("restored");
        assert_eq!(restored.opened, Opened::Closed, "what was closed is not opened by a restoration");
    }
}

#[tokio::test]
async fn a_load_that_shows_an_open_field_to_be_personal_closes_it() {
    for city in cities().await {
        let code = published(&city, &content("停车场", "C002")).await.code;
        load(&city, &table(&code)).await;
        ops::open(&city.platform, &city.bureau(), &code, &OpenRequest::default()).await.expect("opened");
        let mut next = table(&code);
        next.fields[0].personal = true;
        next.fields[0].kind = Some("mobile".into());
        let entry = load(&city, &next).await;
        assert_eq!(entry.opened, Opened::TakenDown, "{}", city.name);
        assert!(public_grants(&city, &code).await[0].suspended);
    }
}

#[tokio::test]
async fn a_second_claim_on_a_datum_is_kept_as_a_conflict() {
    for city in cities().await {
        let claim = |department: &str| {
            let mut content = content("企业", department);
            content.fields[0].source = true;
            content.fields[0].datum = "企业名称".into();
            content
        };
        let first = published(&city, &claim("C002")).await.code;
        city.clock.advance_s(60);
        let second = published(&city, &claim("C003")).await.code;
        let conflicts = ops::conflicts(&city.platform, &city.bureau(), None).await.expect("a list");
        let codes: Vec<&str> = conflicts.iter().map(|claim| claim.code.as_str()).collect();
        assert_eq!(codes, [first.as_str(), second.as_str()], "{}", city.name);
        assert_eq!(ops::conflicts(&city.platform, &city.stranger(), Some(&second)).await.expect("of one").len(), 2);
        let mut yielded = claim("C003");
        yielded.fields[0].source = false;
        let steward = city.steward("C003");
        ops::edit(&city.platform, &steward, &second, 3, &yielded).await.expect("edited");
        assert_eq!(ops::conflicts(&city.platform, &city.bureau(), None).await.expect("stands").len(), 2);
        ops::submit(&city.platform, &steward, &second).await.expect("submitted");
        ops::approve(&city.platform, &city.bureau(), &second).await.expect("approved");
        assert!(ops::conflicts(&city.platform, &city.bureau(), None).await.expect("settled").is_empty());
    }
}

#[tokio::test]
async fn asking_to_open_waits_for_the_bureau() {
    for city in cities().await {
        let mut entry = content("公园", "C002");
        entry.opening = Opening::Unconditional;
        let code = published(&city, &entry).await.code;
        load(&city, &table(&code)).await;
        let wish = OpenRequest { fields: vec!["mc".into()], reason: "市民常问".into(), ..OpenRequest::default() };
        let asked = ops::ask_to_open(&city.platform, &city.steward("C002"), &code, &wish).await.expect("asked");
        assert_eq!((asked.opened, asked.opened_fields), (Opened::Asked, vec!["mc".to_owned()]), "{}", city.name);
        assert!(public_grants(&city, &code).await.is_empty());
        ops::open(&city.platform, &city.bureau(), &code, &wish).await.expect("opened");
        assert!(ops::retire(&city.platform, &city.bureau(), &code, "停用").await.is_err(), "open data is closed first");
    }
}

#[tokio::test]
async fn what_a_crash_left_out_of_the_index_is_made_good() {
    for city in cities().await {
        let entry = published(&city, &content("停车场", "C002")).await;
        city.platform.search.withdraw("resource", &entry.code, 0).expect("nothing newer is withdrawn");
        ops::catch_up(&city.platform, &city.system()).await.expect("caught up");
        assert_eq!(found(&city, &city.stranger(), "停车场").await, [entry.code.as_str()], "{}", city.name);
        assert_eq!(ops::rebuild_index(&city.platform).await.expect("rebuilt"), 1);
        assert_eq!(found(&city, &city.stranger(), "停车场").await, [entry.code.as_str()]);
        let numbers = ops::numbers(&city.platform).await.expect("numbers");
        assert_eq!((numbers.departments, numbers.entries, numbers.fields), (1, 1, 2));
    }
}

async fn regraded(city: &City, code: &str, content: &Content) {
    reworded(city, code, content).await.expect("approved");
}

async fn reworded(city: &City, code: &str, content: &Content) -> Result<Entry, Error> {
    let steward = city.steward(&content.provider);
    let revision = ops::entry(&city.platform, &steward, code).await.expect("there").revision;
    ops::edit(&city.platform, &steward, code, revision, content).await.expect("edited");
    ops::submit(&city.platform, &steward, code).await.expect("submitted");
    ops::approve(&city.platform, &city.bureau(), code).await
}

async fn public_grants(city: &City, code: &str) -> Vec<yiwang_gate::Grant> {
    let wanted = FindGrants { resource: Some(code.into()), purpose: None, grantee: Some(Grantee::Public) };
    grants::find(&city.platform.db, &wanted).await.expect("grants")
}
