//! A list counts the same by JSON and by protobuf, however its bytes come.

use oppscale_cluster::{EncodedObject, Encoding, ListReader, SnapshotBuilder};
use oppscale_core::headroom::{Query, measure};
use oppscale_core::kinds;
use oppscale_core::kinds::Kind;
use oppscale_core::ownership::Ownership;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::protobuf;

/// A file of the fixtures that all crates share.
fn fixture(path: &str) -> std::path::PathBuf {
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures")).join(path)
}

/// Everything that a ledger holds, in a stable order.
fn contents(builder: SnapshotBuilder) -> Vec<String> {
    let snapshot = builder.finish();
    let ledger = &snapshot.ledger;
    let nodes = ledger.nodes().map(|(name, account)| format!("{name}: {account:?}"));
    let bound = ledger.bound().map(|pod| format!("{pod:?}"));
    let waiting = ledger.waiting().map(|pod| format!("{pod:?}"));
    let unknown = ledger.unknown().map(|pod| format!("{pod:?}"));
    let mut contents: Vec<_> = nodes.chain(bound).chain(waiting).chain(unknown).collect();
    contents.sort();
    contents
}

/// What becomes of a list of pods or nodes that comes in pieces of so many bytes.
fn read(encoding: Encoding, body: &[u8], kind: &'static Kind, piece: usize) -> Vec<String> {
    let mut builder = SnapshotBuilder::new(Ownership::default());
    let mut reader = ListReader::new(encoding, kind);
    let mut take = |items: Vec<EncodedObject<'_>>| {
        for item in items {
            match kind.name {
                "Pod" => builder.raw_pod(item),
                _ => builder.raw_node(item),
            }
        }
    };
    for piece in body.chunks(piece) {
        take(reader.push(piece).unwrap());
    }
    take(reader.finish().unwrap().0);
    contents(builder)
}

fn pods_of_json(list: &Value) -> Vec<String> {
    let text = list.to_string();
    read(Encoding::Json, text.as_bytes(), &kinds::POD, text.len())
}

fn pods_of_protobuf(list: &Value) -> Vec<String> {
    let body = protobuf::object(list).unwrap();
    read(Encoding::Protobuf, &body, &kinds::POD, 16_000)
}

/// Every pod of the footprint table, stored by an API server, and one of each rule about
/// where an unscheduled pod may go.
fn varied() -> Value {
    let table: Value =
        serde_json::from_str(include_str!("../../oppscale-core/tests/golden/podrequests.json"))
            .unwrap();
    let mut items: Vec<Value> =
        table.as_array().unwrap().iter().map(|row| row["pod"].clone()).collect();
    let affinity = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]}}});
    let containers =
        json!([{"name": "c", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}}]);
    for (field, value) in [
        ("tolerations", json!([{"key": "gpu", "operator": "Exists"}])),
        ("nodeSelector", json!({"pool": "gpu"})),
        ("affinity", affinity),
        ("schedulingGates", json!([{"name": "wait"}])),
        ("overhead", json!({"cpu": "100m"})),
        ("priority", json!(-7)),
        ("priorityClassName", json!("system-node-critical")),
        ("preemptionPolicy", json!("Never")),
    ] {
        items.push(json!({"metadata": {}, "spec": {"containers": containers, field: value}}));
    }
    items.push(json!({
        "metadata": {"creationTimestamp": "2026-11-29T09:00:00Z"},
        "spec": {"containers": containers}, "status": {"nominatedNodeName": "n1"}
    }));
    for (number, item) in items.iter_mut().enumerate() {
        item["metadata"]["uid"] = json!(format!("00000000-0000-0000-0000-{number:012}"));
        item["metadata"]["name"] = json!(format!("pod-{number}"));
        item["metadata"]["namespace"] = json!("d");
        item["metadata"]["labels"] =
            json!({"oppscale.dev/opportunistic": (number % 2 == 0).to_string()});
        item["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "web-1", "uid": "u", "controller": number % 3 == 0}]);
    }
    json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items})
}

#[test]
fn a_list_counts_the_same_by_json_and_by_protobuf() {
    let mut lists = vec![varied()];
    for cluster in ["blog-cluster", "mixed-cluster"] {
        lists.push(json_file(&format!("{cluster}/pods.json")));
    }
    for list in lists {
        let expected = pods_of_json(&list);
        assert!(expected.len() > 30);
        assert_eq!(pods_of_protobuf(&list), expected);
    }
}

/// The `.pb` files were written by upstream's own types and serializer.
#[test]
fn what_upstream_writes_is_read() {
    for (file, kind) in [("pods", &kinds::POD), ("nodes", &kinds::NODE)] {
        let json = std::fs::read(fixture(&format!("mixed-cluster/{file}.json"))).unwrap();
        let expected = read(Encoding::Json, &json, kind, json.len());
        let body = std::fs::read(fixture(&format!("mixed-cluster/{file}.pb"))).unwrap();
        for (encoding, body) in [(Encoding::Json, &json), (Encoding::Protobuf, &body)] {
            for piece in [1, 7, 4_096, body.len()] {
                let found = read(encoding, body, kind, piece);
                assert_eq!(found, expected, "{encoding:?} {file} in pieces of {piece} bytes");
            }
            let mut reader = ListReader::new(encoding, kind);
            let (mut before_the_end, half) = (0, body.len() / 2);
            for piece in body[..half].chunks(1_000) {
                before_the_end += reader.push(piece).unwrap().len();
            }
            assert!(before_the_end > 5, "items are given as soon as they are there");
        }
    }
}

#[test]
fn a_list_tells_its_version_and_where_it_goes_on() {
    for token in ["", "x&+/="] {
        let metadata = json!({"resourceVersion": "12", "continue": token});
        let list =
            json!({"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": []});
        let binary = protobuf::object(&list).unwrap();
        let text = list.to_string();
        for (encoding, body) in
            [(Encoding::Json, text.as_bytes()), (Encoding::Protobuf, binary.as_slice())]
        {
            let mut reader = ListReader::new(encoding, &kinds::POD);
            reader.push(body).unwrap();
            let (_, end) = reader.finish().unwrap();
            assert_eq!(end.resource_version.as_deref(), Some("12"));
            assert_eq!(end.continue_token.as_deref(), Some(token).filter(|t| !t.is_empty()));
            assert_eq!(end.kind.as_deref(), Some("PodList"));
            // An empty list of something else is no empty cluster.
            let mut reader = ListReader::new(encoding, &kinds::NODE);
            let refused = reader.push(body).map(drop).and_then(|()| reader.finish().map(drop));
            assert_eq!(refused.unwrap_err(), "it is a PodList, not a NodeList");
        }
    }
}

#[test]
fn a_cut_list_is_never_taken_for_a_whole_one() {
    let mut list = varied();
    list["items"].as_array_mut().unwrap().truncate(3);
    let body = protobuf::object(&list).unwrap();
    let text = list.to_string();
    for (encoding, body, whole) in [
        // The envelope ends with two empty fields, which need not be there.
        (Encoding::Protobuf, body.as_slice(), body.len() - 4),
        (Encoding::Json, text.as_bytes(), text.len()),
    ] {
        for cut in 0..whole {
            let mut reader = ListReader::new(encoding, &kinds::POD);
            if reader.push(&body[..cut]).is_ok() {
                assert!(reader.finish().is_err(), "{encoding:?} cut at {cut} of {}", body.len());
            }
        }
    }
}

/// What a server or a proxy may write around the items of a list.
#[test]
fn a_json_list_may_have_any_order_and_space() {
    let pod = r#"{"metadata": {"name": "a", "uid": "u", "namespace": "d"}, "x": "]},{\"\\"}"#;
    let lists = [
        (
            format!(
                r#"{{"items":[{pod},{pod}],"metadata":{{"resourceVersion":"7"}},"kind":"PodList"}}"#
            ),
            2,
        ),
        (
            format!(
                "\n{{ \"kind\" : \"PodList\" ,\r\n\t\"items\" : [ {pod} , {pod} ] , \"metadata\":{{\"resourceVersion\":\"7\"}} }}\n"
            ),
            2,
        ),
        (
            format!(
                r#"{{"x":-1.5e3,"y":[true,null],"\u0069tems":[{pod}],"metadata":{{"resourceVersion":"7"}},"z":0}}"#
            ),
            1,
        ),
        (r#"{"metadata":{"resourceVersion":"7"},"items":[]}"#.to_owned(), 0),
        (r#"{"metadata":{"resourceVersion":"7"},"items": null}"#.to_owned(), 0),
    ];
    for (list, expected) in lists {
        for piece in [1, 3, 64, list.len()] {
            let mut reader = ListReader::new(Encoding::Json, &kinds::POD);
            let items: usize =
                list.as_bytes().chunks(piece).map(|piece| reader.push(piece).unwrap().len()).sum();
            let (rest, end) = reader.finish().unwrap();
            let items = items + rest.len();
            assert_eq!((items, end.resource_version.as_deref()), (expected, Some("7")), "{list}");
        }
    }
}

/// Half a list, or something else, must not pass for a small cluster.
#[test]
fn a_json_list_that_is_malformed_is_refused() {
    for (list, problem) in [
        ("", "the list is not whole"),
        ("[]", "expected a list object, not '['"),
        ("<html>", "expected a list object, not '<'"),
        ("{}", "missing field `items`"),
        (r#"{"items":{}}"#, "invalid type: map, expected unit"),
        (r#"{"items":"x"}"#, "invalid type: string"),
        (r#"{"items":[{}"#, "the list is not whole"),
        (r#"{"items":[{},]}"#, "expected value"),
        (r#"{"items":[{} {}]}"#, "expected a comma or the end of the items, not '{'"),
        (r#"{"items":[{"a":tru}]}"#, "expected ident"),
        (r#"{"items":[]"#, "the list is not whole"),
        (r#"{"items":[]]"#, "expected a comma or the end of the list, not ']'"),
        (r#"{"items":[],}"#, "expected a key, not '}'"),
        (r#"{"items":[]} x"#, "expected nothing behind the list, not 'x'"),
        (r#"{"items":[]}{"items":[]}"#, "expected nothing behind the list, not '{'"),
        (r#"{"items" []}"#, "expected a colon, not '['"),
        (r#"{"kind":7,"items":[]}"#, "invalid type: integer `7`"),
        ("{\"items\":[\"\u{1}\"]}", "control character"),
    ] {
        for piece in [1, 64] {
            let mut reader = ListReader::new(Encoding::Json, &kinds::POD);
            let pushed =
                list.as_bytes().chunks(piece).try_for_each(|piece| reader.push(piece).map(drop));
            let refused = pushed.and_then(|()| reader.finish().map(drop)).unwrap_err();
            assert!(refused.contains(problem), "{list}: {refused}");
        }
    }
    let mut reader = ListReader::new(Encoding::Json, &kinds::POD);
    assert!(reader.push(b"{\"items\":[{\"a\":\"\xff\"}]}").is_err(), "no UTF-8");
}

/// A value that is much longer than the pieces in which it comes is not parsed again for each.
#[test]
fn a_long_item_in_small_pieces_takes_linear_time() {
    let list = format!(r#"{{"items":[{{"x":"{}"}}]}}"#, "y".repeat(2 << 20));
    let mut reader = ListReader::new(Encoding::Json, &kinds::POD);
    let start = std::time::Instant::now();
    let items: usize =
        list.as_bytes().chunks(64).map(|piece| reader.push(piece).unwrap().len()).sum();
    assert_eq!(items + reader.finish().unwrap().0.len(), 1);
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_pod_that_is_half_garbage_still_stands_on_its_node() {
    let mut list = varied();
    list["items"].as_array_mut().unwrap().truncate(1);
    let mut pod = list["items"][0].clone();
    pod["kind"] = "Pod".into();
    pod["apiVersion"] = "v1".into();
    pod["spec"]["nodeName"] = "n".into();
    let whole = protobuf::object(&pod).unwrap();
    // The status, which comes last, says that it is longer than it is.
    let start = whole.windows(5).position(|bytes| bytes == b"pod-0").unwrap() - 2;
    let message = [&whole[start - 2..whole.len() - 4], &[0x1a, 0x7f, 0x0a]].concat();
    let mut builder = SnapshotBuilder::new(Ownership::default());
    builder.raw_pod(EncodedObject::Protobuf(&message));
    let snapshot = builder.finish();
    let unknown: Vec<_> = snapshot.ledger.unknown().map(|pod| format!("{pod:?}")).collect();
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].contains("a field ends early"), "{unknown:?}");
}

fn json_file(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture(path)).unwrap()).unwrap()
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![Just(json!("")), Just(json!("Always")), "[a-z0-9/.-]{1,12}".prop_map(Value::from)]
}

fn quantities() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["cpu", "memory", "nvidia.com/gpu", "hugepages-2Mi", "x"]);
    let amount = prop_oneof![
        prop::sample::select(vec!["0", "100m", "1", "1.5Gi", "2e3", "-1", "much", "1Ei", ""])
            .prop_map(Value::from),
        (0_u32..9_000).prop_map(Value::from),
        Just(Value::Null),
    ];
    fields(vec![("", amount.boxed())], Some(name.boxed()))
}

/// An object with some of these fields, or a map with these keys.
fn fields(
    fields: Vec<(&'static str, BoxedStrategy<Value>)>,
    keys: Option<BoxedStrategy<&'static str>>,
) -> BoxedStrategy<Value> {
    if let Some(keys) = keys {
        let value = fields[0].1.clone();
        let pairs = prop::collection::vec((keys, value), 0..4);
        return pairs.prop_map(|pairs| pairs.into_iter().collect::<Value>()).boxed();
    }
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| prop::option::of(value).prop_map(move |value| Some((name, value?))))
        .collect();
    fields.prop_map(|fields| fields.into_iter().flatten().collect::<Value>()).boxed()
}

fn list(of: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop::collection::vec(of, 0..3).prop_map(Value::from).boxed()
}

/// Pods of all that is read of one, sensible or not.
fn pod() -> BoxedStrategy<Value> {
    let text = || text().boxed();
    let quantities = || quantities().boxed();
    let labels = || fields(vec![("", text())], Some(Just("oppscale.dev/opportunistic").boxed()));
    let time = || Just(json!("2026-11-24T03:00:00Z")).boxed();
    let resources = || fields(vec![("requests", quantities()), ("limits", quantities())], None);
    let containers = || {
        let container =
            vec![("name", text()), ("resources", resources()), ("restartPolicy", text())];
        list(fields(container, None))
    };
    let owner = vec![
        ("kind", text()),
        ("name", text()),
        ("uid", text()),
        ("controller", any::<bool>().prop_map(Value::from).boxed()),
    ];
    let requirement = vec![
        ("key", text()),
        ("operator", prop::sample::select(vec!["In", "Exists", "?"]).prop_map(Value::from).boxed()),
        ("values", list(text())),
    ];
    let requirements = list(fields(requirement, None));
    let term = vec![("matchExpressions", requirements.clone()), ("matchFields", requirements)];
    let terms = fields(vec![("nodeSelectorTerms", list(fields(term, None)))], None);
    let node_affinity =
        fields(vec![("requiredDuringSchedulingIgnoredDuringExecution", terms)], None);
    let toleration =
        vec![("key", text()), ("operator", text()), ("value", text()), ("effect", text())];
    let status = || {
        let status = vec![
            ("name", text()),
            ("resources", resources()),
            ("allocatedResources", quantities()),
        ];
        list(fields(status, None))
    };
    let condition = vec![
        ("type", prop_oneof![Just(json!("PodResizePending")), text()].boxed()),
        ("status", text()),
        ("reason", prop_oneof![Just(json!("Infeasible")), text()].boxed()),
    ];
    let metadata = vec![
        ("labels", labels()),
        ("ownerReferences", list(fields(owner, None))),
        ("deletionTimestamp", time()),
        ("creationTimestamp", time()),
        ("annotations", labels()),
    ];
    let spec = vec![
        ("nodeName", text()),
        ("containers", containers()),
        ("initContainers", containers()),
        ("overhead", quantities()),
        ("resources", resources()),
        ("nodeSelector", labels()),
        ("affinity", fields(vec![("nodeAffinity", node_affinity)], None)),
        ("tolerations", list(fields(toleration, None))),
        ("schedulingGates", list(fields(vec![("name", text())], None))),
        ("priority", (-9_i32..9).prop_map(Value::from).boxed()),
        ("hostNetwork", Just(json!(true)).boxed()),
    ];
    let pod_status = vec![
        (
            "phase",
            prop::sample::select(vec!["Running", "Failed", ""]).prop_map(Value::from).boxed(),
        ),
        ("conditions", list(fields(condition, None))),
        ("containerStatuses", status()),
        ("initContainerStatuses", status()),
        ("resources", resources()),
        ("allocatedResources", quantities()),
    ];
    (fields(metadata, None), fields(spec, None), fields(pod_status, None))
        .prop_map(
            |(metadata, spec, status)| json!({"metadata": metadata, "spec": spec, "status": status}),
        )
        .boxed()
}

proptest! {
    #[test]
    fn random_pods_count_the_same_by_json_and_by_protobuf(pods in prop::collection::vec(pod(), 1..9)) {
        let mut list = json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods});
        for (number, item) in list["items"].as_array_mut().unwrap().iter_mut().enumerate() {
            item["metadata"]["uid"] = json!(format!("00000000-0000-0000-0000-{number:012}"));
            item["metadata"]["name"] = json!(format!("pod-{number}"));
            item["metadata"]["namespace"] = json!("d");
        }
        prop_assert_eq!(pods_of_protobuf(&list), pods_of_json(&list));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), piece in 1_usize..50) {
        let wrapped = [b"k8s\0\x12\xff\x01".as_slice(), &bytes].concat();
        let text = [b"{\"items\":[{".as_slice(), &bytes].concat();
        for (encoding, body) in [
            (Encoding::Protobuf, &bytes),
            (Encoding::Protobuf, &wrapped),
            (Encoding::Json, &bytes),
            (Encoding::Json, &text),
        ] {
            let mut reader = ListReader::new(encoding, &kinds::POD);
            let mut builder = SnapshotBuilder::new(Ownership::default());
            let failed = body.chunks(piece).any(|piece| match reader.push(piece) {
                Ok(items) => {
                    items.iter().for_each(|item| builder.raw_pod(*item));
                    false
                }
                Err(_) => true,
            });
            if !failed {
                let _ = reader.finish();
            }
        }
    }
}

#[test]
fn pods_may_come_without_their_nodes() {
    let mut builder = SnapshotBuilder::new(Ownership::default());
    for pod in varied()["items"].as_array().unwrap() {
        builder.raw_pod(pod.to_string().as_str());
    }
    let headroom = measure(&builder.finish().ledger, &Query::default());
    assert!(headroom.nodes.is_empty());
    assert_eq!(headroom.fit.unwrap().replicas, 0);
}
