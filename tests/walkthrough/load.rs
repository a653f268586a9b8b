//! Load and the sample application, for real: `oppscale load` asks `oppscale sample-app`, a
//! quarter of a simulated minute at a time, and what that counted is what its HPA sees.

use serde_json::Value;

use crate::support::bin::TestEnv;
use crate::support::sample_app::SampleApp;

/// Over how long a rate is taken: the `[2m]` of the adapter's rule.
const WINDOW: u64 = 120;

/// One application stands for all replicas behind their Service.
pub struct Load {
    app: SampleApp,
    /// When the Job began; its requests in an hour, and how long it lasts, seconds.
    job: Option<(u64, u64, u64)>,
    /// What the application had counted, by second.
    counts: Vec<(u64, u64)>,
}

impl Load {
    pub fn new(env: &TestEnv) -> Self {
        Self { app: SampleApp::start(env, &[]), job: None, counts: vec![(0, 0)] }
    }

    /// Begins what a Job is told to do.
    pub fn begin(&mut self, job: &Value, now: u64) {
        let words = job["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
        let of = |flag: &str| {
            words.iter().find_map(|word| word.as_str().unwrap().strip_prefix(flag)).unwrap()
        };
        let minutes: u64 = of("--duration=").strip_suffix('m').unwrap().parse().unwrap();
        let rate: f64 = of("--rate=").parse().unwrap();
        self.job.get_or_insert((now, (rate * 3600.0) as u64, minutes * 60));
    }

    /// Sends what was due from `from` to `to`.
    pub fn send(&mut self, from: u64, to: u64) {
        let Some((began, an_hour, lasts)) = self.job else { return };
        let due = |at: u64| (at.saturating_sub(began).min(lasts) * an_hour).div_ceil(3600);
        let requests = due(to) - due(from);
        if requests > 0 {
            // A thousand a second: as many milliseconds as there are requests.
            let duration = format!("{requests}ms");
            let url = self.app.url();
            let args =
                ["load", &url, "--rate", "1000", "--duration", &duration, "-q", "-o", "json"];
            let output = TestEnv::new().run(args);
            assert_eq!(output.code, Some(0), "{output}");
            let figures: Value = serde_json::from_str(&output.stdout).unwrap();
            assert_eq!((&figures["sent"], &figures["failed"]), (&requests.into(), &0.into()));
        }
        self.counts.push((to, self.app.count()));
    }

    /// Thousandths of a request a second, as `sum(rate(http_requests_total[2m]))` would say.
    pub fn rate_milli(&self) -> i64 {
        let (now, count) = self.counts[self.counts.len() - 1];
        let before = self.counts.iter().rev().find(|(at, _)| at + WINDOW <= now);
        let (_, before) = before.copied().unwrap_or((0, 0));
        i64::try_from((count - before) * 1000 / WINDOW).unwrap()
    }
}
