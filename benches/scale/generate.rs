//! Nodes and pods as large clusters have them: about 9 KB of JSON a pod, half of it
//! managedFields, as a kube-apiserver writes them.

use std::fmt::Write as _;

/// How large a cluster to make.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub nodes: usize,
    pub pods: usize,
}

/// The JSON of a page of `items`.
pub fn list(kind: &str, items: &[String], continue_token: Option<&str>) -> String {
    let token = continue_token.map(|t| format!(r#","continue":"{t}""#)).unwrap_or_default();
    let mut text = format!(
        r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{"resourceVersion":"123456"{token}}},"items":["#
    );
    text.push_str(&items.join(","));
    text.push_str("]}\n");
    text
}

/// A node of 32 cores.
pub fn node(number: usize) -> String {
    let now = "2026-11-23T10:00:00Z";
    let mut conditions = String::new();
    for kind in ["MemoryPressure", "DiskPressure", "PIDPressure"] {
        let _ = write!(
            conditions,
            r#"{{"type":"{kind}","status":"False","lastHeartbeatTime":"{now}","lastTransitionTime":"{now}","reason":"KubeletHasSufficient","message":"kubelet has sufficient resources available"}},"#
        );
    }
    let mut images = String::new();
    for image in 0..25 {
        let comma = if image == 0 { "" } else { "," };
        let _ = write!(
            images,
            r#"{comma}{{"names":["registry.example.com/team/service-{image}@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","registry.example.com/team/service-{image}:v1.{image}.0"],"sizeBytes":{}}}"#,
            100_000_000 + image
        );
    }
    format!(
        r#"{{"metadata":{{"name":"node-{number:05}","uid":"{uid}","resourceVersion":"{number}","creationTimestamp":"{now}","labels":{{"kubernetes.io/arch":"amd64","kubernetes.io/hostname":"node-{number:05}","kubernetes.io/os":"linux","node.kubernetes.io/instance-type":"m7.8xlarge","topology.kubernetes.io/zone":"z{zone}","pool":"std"}},"annotations":{{"node.alpha.kubernetes.io/ttl":"0"}}}},"spec":{{"podCIDR":"10.{a}.{b}.0/24","providerID":"cloud:///z{zone}/i-{number:016x}"}},"status":{{"capacity":{{"cpu":"32","ephemeral-storage":"100Gi","memory":"131072Mi","pods":"110"}},"allocatable":{{"cpu":"31850m","ephemeral-storage":"92Gi","memory":"126976Mi","pods":"110"}},"conditions":[{conditions}{{"type":"Ready","status":"True","lastHeartbeatTime":"{now}","lastTransitionTime":"{now}","reason":"KubeletReady","message":"kubelet is posting ready status"}}],"addresses":[{{"type":"InternalIP","address":"10.{a}.{b}.1"}}],"nodeInfo":{{"kubeletVersion":"v1.36.2"}},"images":[{images}]}}}}"#,
        uid = uid(1, number),
        zone = number % 3,
        a = number / 250 % 250,
        b = number % 250,
    )
}

/// A running pod of two containers and an init container; every seventh is opportunistic.
pub fn pod(number: usize, nodes: usize) -> String {
    let opportunistic = number.is_multiple_of(7);
    let (app, label) = if opportunistic {
        ("filler", r#","oppscale.dev/opportunistic":"true""#)
    } else {
        ("web-frontend", "")
    };
    let hash = format!("7d9c5b6f{}", number % 40);
    let namespace = format!("team-{}", number % 60);
    let (cpu, memory) = (["100m", "250m", "500m"][number % 3], ["128Mi", "256Mi"][number % 2]);
    let now = "2026-11-23T10:00:00Z";
    let mut text = String::with_capacity(10_000);
    let _ = write!(
        text,
        r#"{{"metadata":{{"name":"{app}-{hash}-{number:06}","generateName":"{app}-{hash}-","namespace":"{namespace}","uid":"{uid}","resourceVersion":"{version}","generation":1,"creationTimestamp":"{now}","labels":{{"app":"{app}","app.kubernetes.io/part-of":"shop","pod-template-hash":"{hash}","team":"{namespace}"{label}}},"annotations":{{"checksum/config":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","prometheus.io/port":"8080","prometheus.io/scrape":"true"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"{app}-{hash}","uid":"{owner}","controller":true,"blockOwnerDeletion":true}}],"managedFields":["#,
        uid = uid(2, number),
        owner = uid(3, number % 2400),
        version = 1_000_000 + number,
    );
    text.push_str(&managed_fields());
    text.push_str(r#"]},"spec":{"volumes":["#);
    let _ = write!(
        text,
        r#"{{"name":"cfg","configMap":{{"name":"cfg","defaultMode":420}}}},{{"name":"tmp","emptyDir":{{}}}},{{"name":"kube-api-access-x2x7k","projected":{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}},{{"configMap":{{"name":"kube-root-ca.crt","items":[{{"key":"ca.crt","path":"ca.crt"}}]}}}},{{"downwardAPI":{{"items":[{{"path":"namespace","fieldRef":{{"apiVersion":"v1","fieldPath":"metadata.namespace"}}}}]}}}}],"defaultMode":420}}}}],"initContainers":["#
    );
    text.push_str(&container("init", "10m", "32Mi", false));
    text.push_str(r#"],"containers":["#);
    text.push_str(&container("web", cpu, memory, true));
    text.push(',');
    text.push_str(&container("proxy", "50m", "64Mi", true));
    let _ = write!(
        text,
        r#"],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":"node-{node:05}","securityContext":{{}},"schedulerName":"default-scheduler","tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},{{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],"priority":{priority},"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority","topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"ScheduleAnyway","labelSelector":{{"matchLabels":{{"app":"{app}"}}}}}}]}},"status":{{"phase":"Running","conditions":["#,
        node = number % nodes.max(1),
        // Fillers yield.
        priority = if app == "filler" { -1000 } else { 0 },
    );
    for (index, kind) in
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
            .iter()
            .enumerate()
    {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"type":"{kind}","observedGeneration":1,"status":"True","lastProbeTime":null,"lastTransitionTime":"{now}"}}"#
        );
    }
    let _ = write!(
        text,
        r#"],"hostIP":"10.0.0.5","hostIPs":[{{"ip":"10.0.0.5"}}],"podIP":"10.1.2.3","podIPs":[{{"ip":"10.1.2.3"}}],"startTime":"{now}","initContainerStatuses":[{}],"containerStatuses":[{},{}],"qosClass":"Burstable"}}}}"#,
        status("init", "10m", "32Mi"),
        status("web", cpu, memory),
        status("proxy", "50m", "64Mi"),
    );
    text
}

fn container(name: &str, cpu: &str, memory: &str, probes: bool) -> String {
    let probes = if probes {
        r#","livenessProbe":{"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"readinessProbe":{"httpGet":{"path":"/readyz","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":5,"successThreshold":1,"failureThreshold":3}"#
    } else {
        ""
    };
    format!(
        r#"{{"name":"{name}","image":"registry.example.com/team/{name}:v1.20.7","ports":[{{"name":"http","containerPort":8080,"protocol":"TCP"}}],"env":[{{"name":"POD_NAME","valueFrom":{{"fieldRef":{{"apiVersion":"v1","fieldPath":"metadata.name"}}}}}},{{"name":"LOG_LEVEL","value":"info"}},{{"name":"DB_HOST","value":"postgres.db.svc.cluster.local"}},{{"name":"OTEL_EXPORTER_OTLP_ENDPOINT","value":"http://otel-collector.observability:4317"}},{{"name":"GREETING","value":"say \"hello\"\n"}}],"resources":{{"limits":{{"memory":"{memory}"}},"requests":{{"cpu":"{cpu}","memory":"{memory}"}}}},"volumeMounts":[{{"name":"cfg","mountPath":"/etc/cfg"}},{{"name":"tmp","mountPath":"/scratch"}},{{"name":"kube-api-access-x2x7k","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}}]{probes},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}}"#
    )
}

fn status(name: &str, cpu: &str, memory: &str) -> String {
    format!(
        r#"{{"name":"{name}","state":{{"running":{{"startedAt":"2026-11-23T10:00:00Z"}}}},"lastState":{{}},"ready":true,"restartCount":0,"image":"registry.example.com/team/{name}:v1.20.7","imageID":"registry.example.com/team/{name}@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","containerID":"containerd://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","started":true,"allocatedResources":{{"cpu":"{cpu}","memory":"{memory}"}},"resources":{{"limits":{{"memory":"{memory}"}},"requests":{{"cpu":"{cpu}","memory":"{memory}"}}}}}}"#
    )
}

/// What three managers own, with the usual nesting.
fn managed_fields() -> String {
    let container = |name: &str| {
        format!(
            r#""k:{{\"name\":\"{name}\"}}":{{".":{{}},"f:env":{{".":{{}},"k:{{\"name\":\"DB_HOST\"}}":{{".":{{}},"f:name":{{}},"f:value":{{}}}},"k:{{\"name\":\"LOG_LEVEL\"}}":{{".":{{}},"f:name":{{}},"f:value":{{}}}},"k:{{\"name\":\"POD_NAME\"}}":{{".":{{}},"f:name":{{}},"f:valueFrom":{{".":{{}},"f:fieldRef":{{}}}}}}}},"f:image":{{}},"f:imagePullPolicy":{{}},"f:livenessProbe":{{".":{{}},"f:failureThreshold":{{}},"f:httpGet":{{".":{{}},"f:path":{{}},"f:port":{{}},"f:scheme":{{}}}},"f:periodSeconds":{{}}}},"f:name":{{}},"f:ports":{{".":{{}},"k:{{\"containerPort\":8080,\"protocol\":\"TCP\"}}":{{".":{{}},"f:containerPort":{{}},"f:name":{{}},"f:protocol":{{}}}}}},"f:resources":{{".":{{}},"f:limits":{{".":{{}},"f:memory":{{}}}},"f:requests":{{".":{{}},"f:cpu":{{}},"f:memory":{{}}}}}},"f:volumeMounts":{{".":{{}},"k:{{\"mountPath\":\"/etc/cfg\"}}":{{".":{{}},"f:mountPath":{{}},"f:name":{{}}}}}}}}"#
        )
    };
    let conditions: String = ["ContainersReady", "Initialized", "PodReadyToStartContainers", "Ready"]
        .iter()
        .map(|kind| {
            format!(
                r#","k:{{\"type\":\"{kind}\"}}":{{".":{{}},"f:lastProbeTime":{{}},"f:lastTransitionTime":{{}},"f:observedGeneration":{{}},"f:status":{{}},"f:type":{{}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-11-23T10:00:00Z","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:annotations":{{".":{{}},"f:checksum/config":{{}},"f:prometheus.io/port":{{}},"f:prometheus.io/scrape":{{}}}},"f:generateName":{{}},"f:labels":{{".":{{}},"f:app":{{}},"f:pod-template-hash":{{}},"f:team":{{}}}},"f:ownerReferences":{{".":{{}},"k:{{\"uid\":\"0a1e0989-bca1-4c67-9a8d-90b2b5f0d4c1\"}}":{{}}}}}},"f:spec":{{"f:containers":{{{web},{proxy}}},"f:dnsPolicy":{{}},"f:initContainers":{{{init}}},"f:restartPolicy":{{}},"f:terminationGracePeriodSeconds":{{}},"f:volumes":{{".":{{}},"k:{{\"name\":\"cfg\"}}":{{".":{{}},"f:configMap":{{".":{{}},"f:defaultMode":{{}},"f:name":{{}}}},"f:name":{{}}}}}}}}}}}},{{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-11-23T10:00:05Z","fieldsType":"FieldsV1","fieldsV1":{{"f:status":{{"f:conditions":{{".":{{}}{conditions}}},"f:containerStatuses":{{}},"f:hostIP":{{}},"f:phase":{{}},"f:podIP":{{}},"f:startTime":{{}}}}}},"subresource":"status"}}"#,
        web = container("web"),
        proxy = container("proxy"),
        init = container("init"),
    )
}

fn uid(space: usize, number: usize) -> String {
    format!("{space:08x}-0000-4000-8000-{number:012x}")
}
