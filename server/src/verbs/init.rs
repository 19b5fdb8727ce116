//! `init`: turns an empty directory into a city's. The three administrators open their accounts by the links printed
//! once here; everything else is set on the pages.

use anyhow::Result;
use serde_json::json;
use yiwang_accounts::NewDepartment;
use yiwang_accounts::ops::{NewAdministrator, create_department, set_up_administrators};
use yiwang_kernel::{Actor, Error, Text};

use crate::assemble::{BUREAU, City};
use crate::city::{Directory, Mark};
use crate::cli::{Init, Shared};
use crate::output;

/// Makes the city and prints the links of its three administrators.
pub(crate) async fn init(shared: &Shared, options: &Init) -> Result<()> {
    if let Some(mark) = Mark::read(&shared.data)? {
        let code = if mark.demo { "city-is-demo" } else { "city-directory-not-empty" };
        return Err(Error::conflict(code).with("path", shared.data.display()).into());
    }
    let is_region = options.region.len() == 6 && options.region.bytes().all(|digit| digit.is_ascii_digit());
    if !is_region {
        return Err(Error::invalid("region", "region-format").into());
    }
    let name = Text::new(options.name.as_str(), "").checked("name", 60)?;
    let directory = Directory::create(shared, Mark::new(name.clone(), &options.region, false, !options.unsealed))?;
    let city = City::over(directory, shared).await?;
    let platform = &city.platform;
    let ctx = platform.ctx(Actor::System("init"));
    let settings = &platform.settings;
    let (ctx_ref, name_ref) = (&ctx, &name);
    platform.db.tx(|tx| Box::pin(settings.set(tx, ctx_ref, "host.site_name_zh", &name_ref.zh))).await?;
    city.allow_operator(&ctx).await?;
    let bureau = NewDepartment {
        code: BUREAU.to_owned(),
        name: Text::new(format!("{}数据局", name.zh), "Data bureau"),
        parent: None,
        place: 0,
        opened: None,
    };
    create_department(platform, &ctx, &bureau).await?;
    let three = [("system", "系统管理员"), ("security", "安全管理员"), ("audit", "审计管理员")];
    let three = three.map(|(name, display)| NewAdministrator { name: name.to_owned(), display: display.to_owned() });
    let invited = set_up_administrators(platform, &ctx, &three).await?;
    let links: Vec<(String, String)> =
        invited.iter().map(|invited| (invited.person.name.clone(), super::activation(&invited.link))).collect();
    let document = json!({
        "data": shared.data, "keys": shared.keys_path(), "sealed": !options.unsealed,
        "administrators": links.iter().map(|(name, path)| json!({ "name": name, "path": path })).collect::<Vec<_>>(),
    });
    output::result(shared, &document, || told(shared, &links));
    platform.db.close().await;
    Ok(())
}

fn told(shared: &Shared, links: &[(String, String)]) -> String {
    let keys = shared.keys_path();
    let mut text = match output::say(shared, "zh", "en") {
        "zh" => format!(
            "城市已建好：{}\n密钥文件：{}  ← 请另存一份到别处；没有它，谁也读不了这些数据\n\
             三位管理员用下面的链接开通账号（72 小时内有效，各一次）：\n",
            shared.data.display(),
            keys.display()
        ),
        _ => format!(
            "The city is made: {}\nKey file: {}  <- keep a copy elsewhere; without it nobody reads these data\n\
             The three administrators open their accounts by these links (once each, within 72 hours):\n",
            shared.data.display(),
            keys.display()
        ),
    };
    for (name, path) in links {
        text.push_str(&format!("  {name:<10} http://127.0.0.1:8080{path}\n"));
    }
    text.push_str(output::say(shared, "接着：yiwang serve", "Next: yiwang serve"));
    text
}
