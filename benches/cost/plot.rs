//! The plot: what a handshake costs against what grows.

use std::fmt::Write;

use crate::record::Record;

/// One quantity that grows, in rows `aws-lc/PART-VALUE/MEETING`.
struct Panel {
    title: &'static str,
    part: &'static str,
    values: &'static [u32],
    /// The value that the plain rows have.
    plain: Option<u32>,
    is_log: bool,
}

const PANELS: [Panel; 4] = [
    Panel {
        title: "trust anchors",
        part: "anchors",
        values: &[1, 145, 1_000, 10_000],
        plain: Some(1),
        is_log: true,
    },
    Panel {
        title: "entries of each revocation list",
        part: "lists",
        values: &[0, 1_000, 100_000],
        plain: None,
        is_log: true,
    },
    Panel {
        title: "DNS names of each leaf",
        part: "names",
        values: &[1, 100, 1_000],
        plain: Some(1),
        is_log: true,
    },
    Panel {
        title: "intermediates on each side",
        part: "intermediates",
        values: &[0, 1, 3, 6],
        plain: Some(1),
        is_log: false,
    },
];

/// Class, text, the meeting of its rows, and whether they are the library's.
const LINES: [(&str, &str, &str, bool); 3] = [
    ("raw", "rustls alone", "before", true),
    ("first", "mtls, first meeting", "first", false),
    ("met", "mtls, met before", "before", false),
];

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:13px;font-weight:600}\
.axis{stroke:#6e7781;fill:none}.grid{stroke:#d0d7de;stroke-width:.6}\
.raw{stroke:#8250df;stroke-dasharray:6 4}.first{stroke:#bc4c00}.met{stroke:#0969da}\
polyline{fill:none;stroke-width:2}circle{stroke-width:2;fill:none}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{stroke:#8b949e}.grid{stroke:#3d444d}\
.raw{stroke:#d2a8ff}.first{stroke:#ffa657}.met{stroke:#79c0ff}}";

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 270.0;
/// Of the axes, from the left upper corner of a panel.
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = HEIGHT - 50.0;

pub(crate) fn svg(record: &Record) -> String {
    let (width, height) = (WIDTH * 2.0, HEIGHT * 2.0 + 40.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>Instructions of a mutual handshake, both sides, on rustls with aws-lc-rs</title>\n\
         <style>{STYLE}</style>\n"
    );
    for (number, (class, text, ..)) in LINES.iter().enumerate() {
        let x = 62.0 + 200.0 * number as f64;
        _ = writeln!(
            svg,
            "<polyline class=\"{class}\" points=\"{x},20 {},20\"/><text x=\"{}\" y=\"24\">{text}</text>",
            x + 34.0,
            x + 42.0
        );
    }
    for (number, panel) in PANELS.iter().enumerate() {
        let (x, y) = (
            WIDTH * (number % 2) as f64,
            40.0 + HEIGHT * (number / 2) as f64,
        );
        _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        panel.draw(record, &mut svg);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

impl Panel {
    fn draw(&self, record: &Record, svg: &mut String) {
        let lines = LINES.map(|(class, _, meeting, is_raw)| {
            let point = |value: &u32| Some((*value, self.cost(record, *value, meeting, is_raw)?));
            let points: Vec<_> = self.values.iter().filter_map(point).collect();
            (class, points)
        });
        let costs = lines
            .iter()
            .flat_map(|(_, points)| points.iter().map(|point| point.1));
        let most = costs.clone().fold(0.0, f64::max);
        let least = costs.fold(f64::MAX, f64::min);
        assert!(most > 0.0, "the record has no rows about {}", self.title);
        let axis = Vertical::over(least, most);
        _ = writeln!(
            svg,
            "<text class=\"title\" x=\"{LEFT}\" y=\"20\">{}</text>",
            self.title
        );
        for tick in axis.ticks() {
            let y = axis.place(tick);
            _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        for value in self.values {
            let x = self.across(*value);
            _ = writeln!(
                svg,
                "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{}\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                BOTTOM + 4.0,
                BOTTOM + 18.0,
                thousands(*value)
            );
        }
        let scale = if self.is_log { " (log scale)" } else { "" };
        let up = if axis.is_log { ", log scale" } else { "" };
        let middle = (TOP + BOTTOM) / 2.0;
        _ = writeln!(
            svg,
            "<polyline class=\"axis\" points=\"{LEFT},{TOP} {LEFT},{BOTTOM} {RIGHT},{BOTTOM}\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}{scale}</text>\
             <text transform=\"translate(16 {middle}) rotate(-90)\" text-anchor=\"middle\">million instructions{up}</text>",
            (LEFT + RIGHT) / 2.0,
            BOTTOM + 38.0,
            self.title
        );
        for (class, points) in &lines {
            let mut line = String::new();
            let mut marks = String::new();
            for (value, cost) in points {
                let (x, y) = (self.across(*value), axis.place(*cost));
                _ = write!(line, "{x:.1},{y:.1} ");
                _ = write!(
                    marks,
                    "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"
                );
            }
            _ = writeln!(
                svg,
                "<polyline class=\"{class}\" points=\"{}\"/>{marks}",
                line.trim_end()
            );
        }
    }

    /// In millions.
    fn cost(&self, record: &Record, value: u32, meeting: &str, is_raw: bool) -> Option<f64> {
        let name = if self.plain == Some(value) {
            format!("aws-lc/{meeting}")
        } else {
            format!("aws-lc/{}-{value}/{meeting}", self.part)
        };
        let row = record.row(&name);
        // Without a row of their own these were not measured; one point is no line.
        let is_lone = self.values.iter().all(|value| {
            let name = format!("aws-lc/{}-{value}/{meeting}", self.part);
            record.row(&name).is_none()
        });
        let row = row.filter(|_| !is_lone)?;
        let cost = if is_raw { row.raw? } else { row.mtls };
        Some(cost / 1e6)
    }

    fn across(&self, value: u32) -> f64 {
        let scaled = |value: u32| {
            if self.is_log {
                // 0 stands where 1 would.
                f64::from(value.max(1)).log10()
            } else {
                f64::from(value)
            }
        };
        let most = scaled(self.values[self.values.len() - 1]);
        LEFT + 14.0 + (RIGHT - LEFT - 28.0) * scaled(value) / most
    }
}

/// The axis of the costs, in millions.
struct Vertical {
    most: f64,
    is_log: bool,
}

impl Vertical {
    fn over(least: f64, most: f64) -> Self {
        let is_log = most > least * 20.0;
        let most = if is_log {
            10_f64.powf(most.log10().ceil())
        } else {
            most
        };
        Self {
            most: most * 1.05,
            is_log,
        }
    }

    fn place(&self, cost: f64) -> f64 {
        let part = if self.is_log {
            cost.log10() / self.most.log10()
        } else {
            cost / self.most
        };
        BOTTOM - (BOTTOM - TOP) * part
    }

    fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let powers = (0..).map(|power| 10_f64.powi(power));
            return powers.take_while(|tick| *tick <= self.most).collect();
        }
        let rough = self.most / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = step
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let multiples = (0..).map(|number| f64::from(number) * step);
        multiples.take_while(|tick| *tick <= self.most).collect()
    }
}

fn thousands(value: u32) -> String {
    if value >= 1_000 {
        format!("{},000", value / 1_000)
    } else {
        value.to_string()
    }
}
