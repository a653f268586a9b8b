//! The HPA that `simulate --corrected` prints, asked of `oppscale serve` as the HPA controller
//! asks.

use serde_json::Value;

use super::rig::Rig;
use crate::support::bin::TestEnv;

/// HPAs of users on the article's miner, and a note above the correction of each.
const HPAS: [(&str, &str); 3] = [
    (
        // Capacity of a Service, for the cores that are left.
        "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: electroneum},
    minReplicas: 15, maxReplicas: 150, metrics: [
    {type: Object, object: {describedObject: {apiVersion: v1, kind: Service, name: capacity},
      metric: {name: cores_left, selector: {matchLabels: {pool: batch}}}, target: {type: Value, value: 30}}}]}",
        "# Replaced: Object metric cores_left (selector pool=batch) of Service capacity.",
    ),
    (
        // A queue beside it, which stays.
        "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: electroneum},
    minReplicas: 1, maxReplicas: 150, metrics: [
    {type: External, external: {metric: {name: jobs_ready, selector: {matchLabels: {queue: jobs}}},
      target: {type: AverageValue, averageValue: 10}}},
    {type: External, external: {metric: {name: cores_left}, target: {type: Value, value: 30}}}]}",
        "# Kept: External metric jobs_ready (selector queue=jobs). An HPA follows the metric that \
         asks for the most replicas.",
    ),
    (
        // A selector that oppscale serve answers stays, too.
        "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: electroneum},
    minReplicas: 1, maxReplicas: 150, metrics: [
    {type: External, external: {metric: {name: oppscale_fit_replicas, selector: {matchExpressions:
      [{key: deployment, operator: In, values: [electroneum]}]}},
      target: {type: AverageValue, averageValue: 1}}}]}",
        "# oppscale_fit_replicas: the replicas that fit, without the workload's own pods.",
    ),
];

/// The path that the HPA controller asks for a metric.
fn path(namespace: &str, metric: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if metric["type"] == "Object" {
        let object = &metric["object"];
        assert_eq!(object["metric"]["selector"], Value::Null);
        let (kind, name) = (&object["describedObject"]["kind"], &object["describedObject"]["name"]);
        assert_eq!(object["describedObject"]["apiVersion"], "apps/v1");
        return format!(
            "/apis/custom.metrics.k8s.io/v1beta2/namespaces/{namespace}/{}s.apps/{}/{}",
            text(kind).to_lowercase(),
            text(name),
            text(&object["metric"]["name"])
        );
    }
    let requirement = &metric["external"]["metric"]["selector"]["matchExpressions"][0];
    format!(
        "/apis/external.metrics.k8s.io/v1beta1/namespaces/{namespace}/{}?labelSelector={}+in+%28{}%29",
        text(&metric["external"]["metric"]["name"]),
        text(&requirement["key"]),
        text(&requirement["values"][0])
    )
}

#[test]
fn the_corrected_hpa_of_a_user_gets_its_value() {
    let rig = Rig::start(&["--apis=custom,external"]);
    for (spec, note) in HPAS {
        let env = TestEnv::new();
        let hpa = format!(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: miner\n  \
             namespace: opportunistic\n  labels: {{team: a}}\n  annotations: {{sync-wave: \"3\"}}\n{spec}\n"
        );
        env.write("hpa.yaml", &hpa);
        let run = env.run(["simulate", "--hpa", "hpa.yaml", "--corrected"]);
        assert_eq!(run.code, Some(0), "{run}");
        assert!(run.stdout.lines().any(|line| line == note), "{note}: {run}");
        let corrected: Value = serde_yaml::from_str(&run.stdout).unwrap();
        assert_eq!(corrected["metadata"]["labels"]["team"], "a");
        assert_eq!(corrected["metadata"]["annotations"]["sync-wave"], "3");
        assert_eq!(corrected["spec"]["maxReplicas"], 150);
        assert_eq!(corrected["spec"]["behavior"]["scaleDown"]["tolerance"], "0");
        let metrics = corrected["spec"]["metrics"].as_array().unwrap();
        let ours = metrics.iter().find(|metric| {
            let name = |source: &str| metric[source]["metric"]["name"] == "oppscale_fit_replicas";
            name("object") || name("external")
        });
        let answer = rig.get(&path("opportunistic", ours.unwrap()));
        assert_eq!(answer.status, 200, "{corrected:#}");
        assert_eq!(answer.json()["items"][0]["value"], rig.fit().unwrap().as_str());
        // An older Kubernetes would drop a tolerance.
        let older = env.run([
            "simulate",
            "--hpa",
            "hpa.yaml",
            "--corrected",
            "--kubernetes-version",
            "1.33",
        ]);
        assert!(!older.stdout.contains("tolerance"), "{older}");
    }
}
