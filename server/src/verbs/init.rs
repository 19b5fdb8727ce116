//! `init`: turns an empty directory into a city's. What is not given is asked for on a terminal. The three
//! administrators open their accounts by the links printed once here.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, Result};
use serde_json::json;
use yiwang_accounts::ops::NewAdministrator;
use yiwang_kernel::{Error, Text};

use crate::cli::{Init, Shared};
use crate::output::{self, WrongUse};
use crate::set_up::{Founded, THREE, Wish, found};

/// Settings asked for on a terminal, with the words.
const ASKED: [(&str, &str, &str); 7] = [
    ("host.address", "公开网址（https://主机名，可空）", "Public address (https://host, may stay empty)"),
    ("host.organiser", "主办单位（可空）", "Who runs the site (may stay empty)"),
    ("host.contact", "联系方式（可空）", "How to reach them (may stay empty)"),
    ("host.phone", "人工服务电话（默认 12345）", "The number to call (12345)"),
    ("host.icp", "ICP 备案号（可空）", "ICP record number (may stay empty)"),
    ("host.police", "公安备案号（可空）", "Police record number (may stay empty)"),
    (
        "host.keys_copy",
        "密钥文件将另存在哪里（可空，以后在设置里补）",
        "Where the copy of the keys will be kept (later: settings)",
    ),
];

/// Makes the city and prints the links of its three administrators.
pub(crate) async fn init(shared: &Shared, options: &Init) -> Result<()> {
    let mut wish = wish(options)?;
    if options.name.is_none() || options.region.is_none() {
        if shared.json || !std::io::stdin().is_terminal() {
            return Err(WrongUse("init: --name, --region").into());
        }
        ask(shared, options, &mut wish)?;
    }
    let Founded { city, administrators } = Box::pin(found(shared, &wish)).await?;
    let links: Vec<(String, String)> = administrators
        .into_iter()
        .filter_map(|founder| Some((founder.person.name, super::activation(&founder.link?))))
        .collect();
    let document = json!({
        "data": shared.data, "keys": shared.keys_path(), "sealed": !options.unsealed,
        "administrators": links.iter().map(|(name, path)| json!({ "name": name, "path": path })).collect::<Vec<_>>(),
    });
    let address = city.platform.site().address.clone();
    output::result(shared, &document, || told(shared, &address, &links));
    city.close().await;
    Ok(())
}

fn wish(options: &Init) -> Result<Wish> {
    let settings = options.set.iter().map(|pair| {
        let (name, value) = pair.split_once('=').ok_or_else(|| Error::invalid("set", "setting-pair"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    let given = [&options.system, &options.security, &options.audit];
    let administrator = |place: usize| {
        let (suggested, (name, display)) = (THREE[place].1, given[place].split_once(':').unwrap_or((given[place], "")));
        let display = if display.trim().is_empty() { suggested } else { display.trim() };
        NewAdministrator { name: name.trim().to_lowercase(), display: display.to_owned(), password: None }
    };
    Ok(Wish {
        name: Text::new(options.name.clone().unwrap_or_default(), options.name_en.clone().unwrap_or_default()),
        region: options.region.clone().unwrap_or_default(),
        unsealed: options.unsealed,
        administrators: [administrator(0), administrator(1), administrator(2)],
        settings: settings.collect::<Result<Vec<_>, Error>>()?,
    })
}

/// Asks for what was not given, one line each.
fn ask(shared: &Shared, options: &Init, wish: &mut Wish) -> Result<()> {
    let question = |zh: &str, en: &str| answer(output::say(shared, zh, en));
    if options.name.is_none() {
        wish.name.zh = question("城市名称", "The city's name (Chinese)")?;
        wish.name.en = question("英文名称（可空）", "Its name in English (may stay empty)")?;
    }
    if options.region.is_none() {
        wish.region = question("区划代码（GB/T 2260，六位）", "Region code (GB/T 2260, six digits)")?;
    }
    for (place, (suggested, title)) in THREE.iter().enumerate() {
        let (zh, en) =
            (format!("{title}的登录名（默认 {suggested}）"), format!("Sign-in name, {suggested} administrator"));
        let name = question(&zh, &en)?;
        if !name.is_empty() {
            wish.administrators[place].name = name.to_lowercase();
        }
        let display = question("其姓名（可空）", "The person's name (may stay empty)")?;
        if !display.is_empty() {
            wish.administrators[place].display = display;
        }
    }
    let missing = ASKED.iter().filter(|(name, ..)| wish.settings.iter().all(|(known, _)| known != name));
    let answers = missing.map(|(name, zh, en)| Ok(((*name).to_owned(), question(zh, en)?)));
    let answers = answers.collect::<Result<Vec<_>>>()?;
    wish.settings.extend(answers.into_iter().filter(|(_, value)| !value.is_empty()));
    Ok(())
}

fn answer(question: &str) -> Result<String> {
    let mut out = std::io::stderr();
    write!(out, "{question}: ").and_then(|()| out.flush()).context("asking")?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the answer")?;
    Ok(line.trim().to_owned())
}

fn told(shared: &Shared, address: &str, links: &[(String, String)]) -> String {
    let keys = shared.keys_path();
    let address = if address.is_empty() { "http://127.0.0.1:8080" } else { address };
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
        text.push_str(&format!("  {name:<10} {address}{path}\n"));
    }
    text.push_str(output::say(shared, "接着：yiwang serve", "Next: yiwang serve"));
    text
}
