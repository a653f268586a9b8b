//! `oppscale why`: an HPA of the cluster explained.

use serde_json::json;

use crate::support::bin::TestEnv;

use super::checks::server;

const HPA: &str = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web";

#[test]
fn an_hpa_is_explained_from_its_status() {
    let server = server();
    server.store().change(|store| {
        let hpa = json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": 2, "maxReplicas": 12,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 70}}}]
            },
            "status": {
                "currentReplicas": 12, "desiredReplicas": 12,
                "conditions": [
                    {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"},
                    {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
                    {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}
                ],
                "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu",
                    "current": {"averageUtilization": 105, "averageValue": "1050m"}}}]
            }
        });
        store.put(HPA, "x", hpa);
    });
    let output = TestEnv::of(&server).run(["why", "shop/web"]);
    assert_eq!(output.code, Some(0), "{output}");
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "shop/web: Deployment web has 12 replicas, between minReplicas 2 and maxReplicas 12",
        "cpu is 105 % of the requests, its target 70 %: 1.50 times, so it asks for about 18",
        "Next sync: it stays at 12 (its metrics ask for 18, but maxReplicas is 12).",
    ] {
        assert!(text.contains(part), "{part}: {output}");
    }
    assert!(output.stdout.lines().all(|line| line.len() <= 80), "{output}");
    let same = TestEnv::of(&server).run(["why", "web", "-n", "shop"]);
    assert_eq!(same.stdout, output.stdout, "{same}");
    let two = TestEnv::of(&server).run(["why", "shop/web", "-n", "x"]);
    assert_eq!(two.code, Some(2), "{two}");
    assert!(two.stderr.contains("shop/web is in namespace shop, and -n names x"), "{two}");
    let none = TestEnv::of(&server).run(["why", "shop/other"]);
    assert_eq!(none.code, Some(2), "{none}");
    let wrong = TestEnv::of(&server).run(["why", "shop/web/../x"]);
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.stderr.contains("is not [NAMESPACE/]NAME"), "{wrong}");
    assert!(none.stderr.contains("there is no HorizontalPodAutoscaler shop/other"), "{none}");
}
