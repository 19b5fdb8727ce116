//! Core metadata by GB/T 21063.3-2007 政务信息资源目录体系 第3部分 核心元数据: six mandatory and six optional elements.
//! Knows the elements' names and order, not how a page shows them.

use crate::{Phrase, Resource};

/// One element with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name in the standard.
    pub name_zh: &'static str,
    /// Its English name.
    pub name_en: &'static str,
    /// Whether it must be there.
    pub mandatory: bool,
    /// Its value; empty when an optional element says nothing.
    pub value: String,
}

/// The elements, mandatory ones first.
pub fn core_metadata(resource: &Resource) -> Vec<Element> {
    let period = resource.frequency.map_or(String::new(), |frequency| frequency.authority().to_owned());
    let online = resource.distributions.first().map_or(&resource.uri, |distribution| &distribution.access_url);
    let maintained = [resource.contact.clone().unwrap_or_default(), resource.modified.clone().unwrap_or_default()];
    let values = [
        ("信息资源名称", "Title", true, joined(&resource.title)),
        ("信息资源摘要", "Abstract", true, joined(&resource.description)),
        ("信息资源提供方", "Provider", true, joined(&resource.publisher)),
        ("信息资源分类", "Classification", true, format!("{} {}", resource.classification, joined(&resource.theme))),
        ("信息资源标识符", "Identifier", true, resource.identifier.clone()),
        ("元数据标识符", "Metadata identifier", true, resource.record.clone()),
        ("信息资源发布日期", "Date of publication", false, resource.issued.clone().unwrap_or_default()),
        ("关键字说明", "Keywords", false, joined(&resource.keywords)),
        ("时间范围", "Period", false, period),
        ("使用限制", "Use constraints", false, joined(&resource.conditions)),
        ("在线资源链接地址", "Online address", false, online.clone()),
        ("元数据维护方", "Metadata maintainer", false, maintained.join(" ").trim().to_owned()),
    ];
    let element = |(name_zh, name_en, mandatory, value)| Element { name_zh, name_en, mandatory, value };
    values.into_iter().map(element).collect()
}

fn joined(phrases: &[Phrase]) -> String {
    let texts: Vec<&str> = phrases.iter().map(|phrase| phrase.text.trim()).filter(|text| !text.is_empty()).collect();
    texts.join(" / ")
}
