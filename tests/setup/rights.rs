//! Rights of `oppscale init`: each missing in turn, all of them, and the grant that is asked for.

use oppscale::manifest::Templates;
use oppscale::setup::config::InstallConfig;
use oppscale::setup::permissions::{RequiredPermissions, Rule};

use crate::support::answer::Answer;

use super::install::{init, put_prometheus, server};

/// What an installation with the defaults takes.
fn required() -> Vec<Rule> {
    let config = InstallConfig::new("oppscale", "oppscale", "registry.example/oppscale:0.1");
    let required = RequiredPermissions::of(&config, &Templates::new(None).unwrap());
    required.unwrap().rules().cloned().collect()
}

/// A user who may not write what is not installed can install.
#[test]
fn what_is_not_installed_takes_no_permission() {
    let server = server();
    server.store().change(|store| {
        store.rights.deny("patch", "networkpolicies.networking.k8s.io");
        store.rights.deny("create", "networkpolicies.networking.k8s.io");
    });
    let output = init(&server, &["--network-policy", "off"]);
    assert_eq!(output.code, Some(0), "{output}");
}

/// To list APIServices is not among what an installation takes: each is read by its name then.
#[test]
#[ignore = "slow: waits a minute"]
fn who_may_not_list_api_services_keeps_what_the_installation_has() {
    let server = server();
    server.store().change(|store| {
        store.groups.insert("cert-manager.io".to_owned());
        store.rights.deny("list", "apiservices.apiregistration.k8s.io");
    });
    server.always("/apis/cert-manager.io/v1", Answer::Raw(200, Vec::new(), "{}"));
    // Nobody issues the certificate here, so that the run ends with a finding.
    let first = init(&server, &["--certificates", "cert-manager"]);
    assert!(first.stdout.contains("create  Certificate oppscale/oppscale-tls"), "{first}");
    let again = init(&server, &[]);
    assert!(again.stdout.contains("keep    Certificate oppscale/oppscale-tls"), "{again}");
    assert!(again.stdout.contains("nothing to change"), "{again}");
    server.store().change(|store| {
        store.rights.deny("get", "apiservices.apiregistration.k8s.io");
    });
    let writes = server.writes().len();
    let unread = init(&server, &[]);
    assert_eq!(unread.code, Some(3), "{unread}");
    assert_eq!(server.writes().len(), writes);
}

/// What flags add to the installation is reviewed, printed and granted like the rest.
#[test]
fn what_flags_add_takes_permissions_too() {
    let cases: [(&[&str], &str, &str); 3] = [
        (&["--priority-class", "server=5"], "patch", "priorityclasses.scheduling.k8s.io"),
        (&["--with", "alerts"], "patch", "prometheusrules.monitoring.coreos.com"),
        (&["--with", "dashboard"], "patch", "configmaps"),
    ];
    for (flags, verb, resource) in cases {
        for may_grant in [true, false] {
            let server = server();
            server.store().change(|store| {
                put_prometheus(store, serde_json::json!({}));
                store.rights.deny(verb, resource);
                if !may_grant {
                    for verb in ["escalate", "bind"] {
                        store.rights.deny(verb, "clusterroles.rbac.authorization.k8s.io");
                    }
                }
            });
            let flags = [flags, &["--grant-cluster-admin"][..may_grant.into()]].concat();
            let output = init(&server, &flags);
            let plural = resource.split('.').next().unwrap();
            if may_grant {
                assert_eq!(output.code, Some(0), "{flags:?}: {output}");
            } else {
                assert_eq!(output.code, Some(3), "{flags:?}: {output}");
                assert!(output.stdout.contains(&format!("- {plural}\n")), "{flags:?}: {output}");
                assert!(output.stdout.contains(&format!("- {verb}\n")), "{flags:?}: {output}");
                assert!(server.writes().is_empty(), "{flags:?}");
            }
        }
    }
}

/// Each right that an installation takes, missing in turn.
#[test]
#[ignore = "slow: a run for each right"]
fn each_missing_right_is_named_with_the_smallest_grant() {
    for (resource, rule) in [
        ("namespaces", "namespaces"),
        ("clusterroles.rbac.authorization.k8s.io", "clusterroles"),
        ("clusterrolebindings.rbac.authorization.k8s.io", "clusterrolebindings"),
        ("rolebindings.rbac.authorization.k8s.io", "rolebindings"),
        ("apiservices.apiregistration.k8s.io", "apiservices"),
        ("secrets", "secrets"),
        ("services", "services"),
        ("serviceaccounts", "serviceaccounts"),
        ("deployments.apps", "deployments"),
        ("poddisruptionbudgets.policy", "poddisruptionbudgets"),
        ("networkpolicies.networking.k8s.io", "networkpolicies"),
    ] {
        let server = server();
        server.store().change(|store| {
            store.rights.deny("patch", resource);
            store.user = "dev".to_owned();
        });
        let output = init(&server, &[]);
        assert_eq!(output.code, Some(3), "{resource}: {output}");
        let refusal = format!("cannot patch resource \"{rule}\"");
        let words = [refusal, format!("you may not patch {rule}")];
        assert!(words.iter().any(|text| output.stderr.contains(text)), "{output}");
        assert!(
            output.stdout.contains("kind: ClusterRole\n") || output.stdout.contains("kind: Role\n"),
            "{output}"
        );
        assert!(output.stdout.contains("name: oppscale-installer"), "{output}");
        assert!(output.stdout.contains("name: dev"), "{output}");
        assert!(!output.stdout.contains("cluster-admin"), "{output}");
        assert!(output.stdout.contains(rule), "{output}");
        assert!(server.writes().is_empty());
    }
}

#[test]
fn who_may_nothing_is_told_all_of_it() {
    let server = server();
    server.store().change(|store| {
        store.rights.deny("*", "*");
        store.user = "dev".to_owned();
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(3), "{output}");
    for resource in
        ["namespaces", "secrets", "services", "deployments", "apiservices", "poddisruptionbudgets"]
    {
        assert!(output.stdout.contains(resource), "{resource}: {output}");
    }
    // kubectl delete -f of it would take the server along, and leave its APIServices dead.
    assert!(!output.stdout.contains("kind: Namespace"), "{output}");
    assert!(server.writes().is_empty());
}

#[test]
fn a_sample_of_the_rights_is_asked_for_before_anything_is_written() {
    lack_in_turn(7);
}

#[test]
#[ignore = "slow: 60 runs"]
fn each_right_of_the_list_is_asked_for_before_anything_is_written() {
    lack_in_turn(1);
}

/// One of so many rights that an installation takes, by the list that reviews go through, lacks in
/// turn.
fn lack_in_turn(step: usize) {
    for rule in required().into_iter().step_by(step) {
        let resource = match rule.group.is_empty() {
            true => rule.resource.to_string(),
            false => format!("{}.{}", rule.resource, rule.group),
        };
        let is_held = [
            "nodes",
            "pods",
            "replicasets",
            "statefulsets",
            "rollouts",
            "horizontalpodautoscalers",
        ]
        .contains(&&*rule.resource);
        if rule.verb == "get"
            && !is_held
            && !["secrets", "deployments", "apiservices"].contains(&&*rule.resource)
        {
            // Who may write without reading is not stopped.
            continue;
        }
        let server = server();
        server.store().change(|store| {
            store.rights.deny(&rule.verb, &resource);
            store.rights.deny("escalate", "clusterroles.rbac.authorization.k8s.io");
            store.user = "dev".to_owned();
            // To write a role takes holding its rules.
            if matches!(&*rule.verb, "list" | "watch")
                || &*rule.verb == "get" && rule.namespace.is_none()
                || &*rule.resource == "events"
            {
                store.not_held =
                    Some("{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"list\"]}");
            }
        });
        let output = init(&server, &[]);
        assert_eq!(output.code, Some(3), "{rule}: {output}");
        assert!(server.writes().is_empty(), "{rule}: {:?}", server.writes());
        let (verb, plural) = (format!("- {}\n", rule.verb), format!("- {}\n", rule.resource));
        assert!(
            output.stdout.contains(&verb) && output.stdout.contains(&plural),
            "{rule}: {output}"
        );
    }
}

/// Reviews may say yes by an authorizer that RBAC knows nothing of: the refusal tells the rules.
#[test]
fn rules_that_only_the_refusal_names_are_in_the_grant() {
    let server = server();
    server.store().change(|store| {
        store.user = "dev@example.org".to_owned();
        store.not_held = Some(
            "{APIGroups:[\"\"], Resources:[\"nodes\" \"pods\"], Verbs:[\"get\" \"list\" \"watch\"]}\n{APIGroups:[\"apps\"], Resources:[\"deployments\"], Verbs:[\"get\"]}",
        );
    });
    let output = init(&server, &["-q"]);
    assert_eq!(output.code, Some(3), "{output}");
    insta::assert_snapshot!(output.stdout, @r#"
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: oppscale-installer
    rules:
    - apiGroups:
      - ""
      resources:
      - nodes
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - ""
      resources:
      - pods
      verbs:
      - get
      - list
      - watch
    - apiGroups:
      - apps
      resources:
      - deployments
      verbs:
      - get
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: oppscale-installer
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: oppscale-installer
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: User
      name: dev@example.org
    "#);
    assert!(server.writes().is_empty());
}

/// `escalate` and `bind` are as good as holding what the role grants.
#[test]
fn who_may_escalate_and_bind_need_not_hold_what_is_granted() {
    let server = server();
    server.store().change(|store| {
        for verb in ["get", "list", "watch"] {
            store.rights.deny(verb, "horizontalpodautoscalers.autoscaling");
        }
        // And something that is really missing.
        store.rights.deny("patch", "secrets");
    });
    let output = init(&server, &[]);
    assert_eq!(output.code, Some(3), "{output}");
    assert!(!output.stdout.contains("horizontalpodautoscalers"), "{output}");
    assert!(output.stdout.contains("secrets"), "{output}");
}

/// What is granted must be enough: seen on kube-apiserver 1.36, where it was not.
#[test]
fn what_is_granted_is_all_that_a_first_and_a_second_run_ask_for() {
    let denied = oppscale::setup::permissions::of_refusal(
        "secrets \"oppscale-tls\" is forbidden: User \"dev\" cannot get resource \"secrets\" in API group \"\" in the namespace \"oppscale\"",
        None,
    );
    assert_eq!(
        denied.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["get secrets in oppscale"]
    );
    let needed = required();
    assert!(needed.contains(&denied[0]));
    let server = server();
    assert_eq!(init(&server, &[]).code, Some(0));
    assert_eq!(init(&server, &[]).code, Some(0));
    // All that a first and a second run asked for is in the list.
    for request in server.requests() {
        let Some(place) = crate::support::place::Place::of(&request.path) else { continue };
        let is_planned =
            request.path.contains("/oppscale") || request.path.contains("/apiservices/");
        if !is_planned || place.sub.is_some() || place.resource.ends_with("reviews") {
            continue;
        }
        let need = place.need(&request.method);
        let known = needed.iter().any(|rule| {
            rule.verb == need.verb && rule.group == need.group && rule.resource == need.resource
        });
        assert!(known, "{} {} of {}", need.verb, need.resource, request.path);
    }
}
