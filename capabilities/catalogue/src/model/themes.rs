//! The themes of resources, after the classes by which open-data sites of Chinese provinces sort theirs.

use yiwang_kernel::Lang;

/// One theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Its code in addresses.
    pub code: &'static str,
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Theme {
    const fn new(code: &'static str, zh: &'static str, en: &'static str) -> Theme {
        Theme { code, zh, en }
    }

    /// For this reader.
    pub fn title(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

/// All themes, in the order pages list them.
pub const THEMES: [Theme; 22] = [
    Theme::new("credit", "信用服务", "Credit"),
    Theme::new("health", "医疗卫生", "Health"),
    Theme::new("social", "社保就业", "Social security and work"),
    Theme::new("safety", "公共安全", "Public safety"),
    Theme::new("construction", "城建住房", "Building and housing"),
    Theme::new("transport", "交通运输", "Transport"),
    Theme::new("education", "教育文化", "Education and culture"),
    Theme::new("science", "科技创新", "Science and innovation"),
    Theme::new("resources", "资源能源", "Resources and energy"),
    Theme::new("environment", "生态环境", "Environment"),
    Theme::new("industry", "工业农业", "Industry and farming"),
    Theme::new("commerce", "商贸流通", "Trade"),
    Theme::new("finance", "财税金融", "Finance and taxes"),
    Theme::new("production", "安全生产", "Work safety"),
    Theme::new("market", "市场监督", "Market supervision"),
    Theme::new("assistance", "社会救助", "Social assistance"),
    Theme::new("law", "法律服务", "Law"),
    Theme::new("living", "生活服务", "Daily life"),
    Theme::new("weather", "气象服务", "Weather"),
    Theme::new("geography", "地理空间", "Geography"),
    Theme::new("government", "机构团体", "Government and bodies"),
    Theme::new("other", "其他", "Other"),
];

/// The theme of this code or Chinese title.
pub fn theme(word: &str) -> Option<&'static Theme> {
    THEMES.iter().find(|theme| theme.code == word || theme.zh == word)
}
