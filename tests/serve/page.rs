//! The page, in a real browser.

use serde_json::json;

use super::rig::Rig;
use crate::support::bin::signal;
use crate::support::browser::Browser;

/// An HPA that scales the filler and has something to say.
fn with_hpa(rig: &Rig) {
    rig.server.change(|world| {
        world.hpas.push(json!({
            "metadata": {"name": "filler", "namespace": "opportunistic", "uid": "h1"},
            "spec": {
                "scaleTargetRef": {
                    "apiVersion": "apps/v1", "kind": "Deployment", "name": "electroneum"
                },
                "minReplicas": 1, "maxReplicas": 150
            },
            "status": {
                "currentReplicas": 90, "desiredReplicas": 121,
                "conditions": [{
                    "type": "ScalingActive", "status": "False", "reason": "FailedGetObjectMetric",
                    "message": "unable to get metric: <script>alert(1)</script>"
                }]
            }
        }));
        let mut held = world.deployments[0].clone();
        held["metadata"]["name"] = "held-back".into();
        held["metadata"]["uid"] = "7c4ff4d5-3f2c-4b5a-9f57-000000000003".into();
        held["metadata"]["labels"] = json!({"oppscale.dev/opportunistic": "true"});
        held["metadata"]["annotations"] = json!({"oppscale.dev/reserve": "thirty"});
        world.deployments.push(held);
        world.nodes[1]["spec"]["unschedulable"] = true.into();
    });
}

#[test]
#[ignore = "slow: drives a browser"]
fn the_page_is_alive_in_a_browser() {
    let Some(mut browser) = Browser::start() else { return };
    let mut rig = Rig::start(&["--max-staleness=5s"]);
    let url = format!("http://{}/", rig.oppscale.web);
    browser.look(1200, "light");
    browser.open(&url);
    browser.until("document.querySelectorAll('#nodes tbody tr').length === 6");
    browser.until("document.querySelector('#workloads b').innerText === '121'");
    // An event changes what stands there, without loading anew.
    browser.value("window.stays = true");
    with_hpa(&rig);
    browser
        .until("document.querySelector('#workloads').innerText.includes('FailedGetObjectMetric')");
    browser.until("document.querySelector('#nodes').innerText.includes('Cordoned')");
    browser.until("document.querySelector('#workloads').innerText.includes('held')");
    assert_eq!(browser.value("document.scripts.length"), 1, "what objects say is text");
    let points = "document.querySelector('#chart polygon').points.numberOfItems";
    browser.until(&format!("{points} >= 6"));
    if let Some(folder) = std::env::var_os("OPPSCALE_SCREENSHOTS") {
        for (width, scheme) in [(1200, "light"), (1200, "dark"), (375, "light"), (375, "dark")] {
            browser.look(width, scheme);
            browser.until("document.querySelectorAll('#nodes tbody tr').length === 6");
            let name = format!("page-{width}-{scheme}.png");
            browser.screenshot(&std::path::Path::new(&folder).join(name));
        }
    }
    // Nothing on a phone is wider than the phone.
    browser.look(375, "dark");
    let widths = "document.documentElement.scrollWidth <= 375";
    assert_eq!(browser.value(widths), true);
    // And nothing is out of sight: what the HPA says least of all.
    let inside =
        "[...document.querySelectorAll('.scroll')].every(e => e.scrollWidth <= e.clientWidth)";
    assert_eq!(browser.value(inside), true);
    // The server says nothing any more, and does not end the connection either.
    signal("STOP", rig.oppscale.id());
    browser.until("document.body.classList.contains('lost')");
    signal("CONT", rig.oppscale.id());
    browser.until("!document.body.classList.contains('lost')");
    // The server goes, and comes back.
    rig.oppscale.kill();
    browser.until("document.body.classList.contains('lost')");
    browser.until("document.querySelector('#status').innerText.includes('No connection')");
    rig.restart(&["--max-staleness=5s"]);
    browser.until("!document.body.classList.contains('lost')");
    browser.until("document.querySelector('#status').innerText.includes('Current')");
    assert_eq!(browser.value("window.stays"), true, "the page was not loaded anew");
    // The cluster goes out of sight.
    rig.server.silence_watches(true);
    browser.until("document.querySelector('#status').innerText.includes('Stale')");
    // Every request went to the server that the page came from, and none was stopped by
    // the policy.
    for request in browser.told("Network.requestWillBeSent") {
        let asked = request["request"]["url"].as_str().unwrap();
        assert!(asked.starts_with(&url), "{asked}");
    }
    let complaints = browser.told("Log.entryAdded");
    let by_policy = |entry: &serde_json::Value| entry.to_string().contains("Content Security");
    assert!(!complaints.iter().any(by_policy), "{complaints:?}");
}

#[test]
#[ignore = "slow: drives a browser"]
fn the_page_needs_no_javascript() {
    let Some(mut browser) = Browser::start() else { return };
    let rig = Rig::start(&[]);
    with_hpa(&rig);
    // Nodes, workloads and HPAs come by watches of their own, in any order.
    for what in ["Cordoned", "held-back", "FailedGetObjectMetric"] {
        rig.until(what, |rig| rig.web("/").body.contains(what));
    }
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    browser.open(&format!("http://{}/", rig.oppscale.web));
    let text = browser.value("document.body.innerText").as_str().unwrap().to_owned();
    for words in ["fake-00005", "Cordoned", "held", "Opportunistic", "renewed every 30 s"] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn the_page_allows_nothing_from_elsewhere() {
    let rig = Rig::start(&[]);
    with_hpa(&rig);
    rig.until("the HPA is shown", |rig| rig.web("/").body.contains("FailedGetObjectMetric"));
    for path in ["/", "/page.css", "/page.js", "/icon.svg", "/metrics", "/nothing"] {
        let answer = rig.web(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let page = rig.web("/").body;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"));
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains(" style=") && !page.contains(" onclick"), "nothing inline");
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere");
    let post = super::client::Connection::open(rig.oppscale.web, None);
    assert_eq!(post.unwrap().request("POST", "/", &[]).unwrap().status, 405);
}
