//! Protobuf as a real API server writes nodes and pods, made of their JSON.
//!
//! The numbers are those of `generated.proto` of k8s.io/api and k8s.io/apimachinery 1.37. A field
//! of the JSON that is not listed here is written under a number that nobody knows, so a test fails
//! that needs it.

use serde_json::{Value, json};

/// How a field is written.
enum Type {
    Text,
    Int,
    Bool,
    Time,
    Quantity,
    /// JSON as bytes, in a message of its own.
    Raw,
    Message(&'static [Field]),
    Map(&'static Type),
}

/// Name in JSON, number, type. Arrays are repeated fields.
type Field = (&'static str, u32, Type);

use Type::{Bool, Int, Message, Quantity, Raw, Text, Time};

const TEXTS: Type = Type::Map(&Text);
const RESOURCES: Type = Type::Map(&Quantity);
/// The number of fields that are not listed.
const UNKNOWN: u32 = 1999;

const OWNER: &[Field] = &[
    ("kind", 1, Text),
    ("name", 3, Text),
    ("uid", 4, Text),
    ("apiVersion", 5, Text),
    ("controller", 6, Bool),
    ("blockOwnerDeletion", 7, Bool),
];
const MANAGED: &[Field] = &[
    ("manager", 1, Text),
    ("operation", 2, Text),
    ("apiVersion", 3, Text),
    ("time", 4, Time),
    ("fieldsType", 6, Text),
    ("fieldsV1", 7, Raw),
    ("subresource", 8, Text),
];
const METADATA: &[Field] = &[
    ("name", 1, Text),
    ("generateName", 2, Text),
    ("namespace", 3, Text),
    ("uid", 5, Text),
    ("resourceVersion", 6, Text),
    ("generation", 7, Int),
    ("creationTimestamp", 8, Time),
    ("deletionTimestamp", 9, Time),
    ("deletionGracePeriodSeconds", 10, Int),
    ("labels", 11, TEXTS),
    ("annotations", 12, TEXTS),
    ("ownerReferences", 13, Message(OWNER)),
    ("finalizers", 14, Text),
    ("managedFields", 17, Message(MANAGED)),
];
const CONDITION: &[Field] = &[
    ("type", 1, Text),
    ("status", 2, Text),
    ("lastProbeTime", 3, Time),
    ("lastTransitionTime", 4, Time),
    ("reason", 5, Text),
    ("message", 6, Text),
];
const TAINT: &[Field] =
    &[("key", 1, Text), ("value", 2, Text), ("effect", 3, Text), ("timeAdded", 4, Time)];
const NODE_SPEC: &[Field] = &[
    ("podCIDR", 1, Text),
    ("providerID", 3, Text),
    ("unschedulable", 4, Bool),
    ("taints", 5, Message(TAINT)),
];
const IMAGE: &[Field] = &[("names", 1, Text), ("sizeBytes", 2, Int)];
const NODE_STATUS: &[Field] = &[
    ("capacity", 1, RESOURCES),
    ("allocatable", 2, RESOURCES),
    ("conditions", 4, Message(CONDITION)),
    ("images", 8, Message(IMAGE)),
];
const NODE: &[Field] = &[
    ("metadata", 1, Message(METADATA)),
    ("spec", 2, Message(NODE_SPEC)),
    ("status", 3, Message(NODE_STATUS)),
];
const CLAIM: &[Field] = &[("name", 1, Text), ("request", 2, Text)];
const REQUIREMENTS: &[Field] =
    &[("limits", 1, RESOURCES), ("requests", 2, RESOURCES), ("claims", 3, Message(CLAIM))];
const PORT: &[Field] = &[("name", 1, Text), ("containerPort", 3, Int), ("protocol", 4, Text)];
const FIELD_REF: &[Field] = &[("apiVersion", 1, Text), ("fieldPath", 2, Text)];
const VALUE_FROM: &[Field] = &[("fieldRef", 1, Message(FIELD_REF))];
const ENV: &[Field] =
    &[("name", 1, Text), ("value", 2, Text), ("valueFrom", 3, Message(VALUE_FROM))];
const VOLUME_MOUNT: &[Field] = &[("name", 1, Text), ("readOnly", 2, Bool), ("mountPath", 3, Text)];
const CONTAINER: &[Field] = &[
    ("name", 1, Text),
    ("image", 2, Text),
    ("command", 3, Text),
    ("args", 4, Text),
    ("ports", 6, Message(PORT)),
    ("env", 7, Message(ENV)),
    ("resources", 8, Message(REQUIREMENTS)),
    ("volumeMounts", 9, Message(VOLUME_MOUNT)),
    ("terminationMessagePath", 13, Text),
    ("imagePullPolicy", 14, Text),
    ("terminationMessagePolicy", 20, Text),
    ("restartPolicy", 24, Text),
];
const REQUIREMENT: &[Field] = &[("key", 1, Text), ("operator", 2, Text), ("values", 3, Text)];
const TERM: &[Field] =
    &[("matchExpressions", 1, Message(REQUIREMENT)), ("matchFields", 2, Message(REQUIREMENT))];
const NODE_SELECTOR: &[Field] = &[("nodeSelectorTerms", 1, Message(TERM))];
const NODE_AFFINITY: &[Field] =
    &[("requiredDuringSchedulingIgnoredDuringExecution", 1, Message(NODE_SELECTOR))];
const AFFINITY: &[Field] = &[("nodeAffinity", 1, Message(NODE_AFFINITY))];
const TOLERATION: &[Field] = &[
    ("key", 1, Text),
    ("operator", 2, Text),
    ("value", 3, Text),
    ("effect", 4, Text),
    ("tolerationSeconds", 5, Int),
];
const GATE: &[Field] = &[("name", 1, Text)];
const POD_CLAIM: &[Field] =
    &[("name", 1, Text), ("resourceClaimName", 3, Text), ("resourceClaimTemplateName", 4, Text)];
const POD_SPEC: &[Field] = &[
    ("containers", 2, Message(CONTAINER)),
    ("restartPolicy", 3, Text),
    ("terminationGracePeriodSeconds", 4, Int),
    ("dnsPolicy", 6, Text),
    ("nodeSelector", 7, TEXTS),
    ("serviceAccountName", 8, Text),
    ("nodeName", 10, Text),
    ("affinity", 18, Message(AFFINITY)),
    ("schedulerName", 19, Text),
    ("initContainers", 20, Message(CONTAINER)),
    ("tolerations", 22, Message(TOLERATION)),
    ("priorityClassName", 24, Text),
    ("priority", 25, Int),
    ("enableServiceLinks", 30, Bool),
    ("preemptionPolicy", 31, Text),
    ("overhead", 32, RESOURCES),
    ("schedulingGates", 38, Message(GATE)),
    ("resourceClaims", 39, Message(POD_CLAIM)),
    ("resources", 40, Message(REQUIREMENTS)),
];
const RUNNING: &[Field] = &[("startedAt", 1, Time)];
const STATE: &[Field] = &[("running", 2, Message(RUNNING))];
const IP: &[Field] = &[("ip", 1, Text)];
const CONTAINER_STATUS: &[Field] = &[
    ("name", 1, Text),
    ("state", 2, Message(STATE)),
    ("lastState", 3, Message(STATE)),
    ("ready", 4, Bool),
    ("restartCount", 5, Int),
    ("image", 6, Text),
    ("imageID", 7, Text),
    ("containerID", 8, Text),
    ("started", 9, Bool),
    ("allocatedResources", 10, RESOURCES),
    ("resources", 11, Message(REQUIREMENTS)),
];
const CLAIM_STATUS: &[Field] = &[("name", 1, Text), ("resourceClaimName", 2, Text)];
const CLAIM_MAPPING: &[Field] =
    &[("containerName", 1, Text), ("resourceName", 2, Text), ("requestName", 3, Text)];
const EXTENDED_CLAIM_STATUS: &[Field] =
    &[("requestMappings", 1, Message(CLAIM_MAPPING)), ("resourceClaimName", 2, Text)];
const POD_STATUS: &[Field] = &[
    ("phase", 1, Text),
    ("conditions", 2, Message(CONDITION)),
    ("message", 3, Text),
    ("reason", 4, Text),
    ("hostIP", 5, Text),
    ("podIP", 6, Text),
    ("startTime", 7, Time),
    ("containerStatuses", 8, Message(CONTAINER_STATUS)),
    ("qosClass", 9, Text),
    ("initContainerStatuses", 10, Message(CONTAINER_STATUS)),
    ("nominatedNodeName", 11, Text),
    ("podIPs", 12, Message(IP)),
    ("resize", 14, Text),
    ("resourceClaimStatuses", 15, Message(CLAIM_STATUS)),
    ("hostIPs", 16, Message(IP)),
    ("extendedResourceClaimStatus", 18, Message(EXTENDED_CLAIM_STATUS)),
    ("allocatedResources", 19, RESOURCES),
    ("resources", 20, Message(REQUIREMENTS)),
];
const POD: &[Field] = &[
    ("metadata", 1, Message(METADATA)),
    ("spec", 2, Message(POD_SPEC)),
    ("status", 3, Message(POD_STATUS)),
];
const LIST_METADATA: &[Field] =
    &[("resourceVersion", 2, Text), ("continue", 3, Text), ("remainingItemCount", 4, Int)];
const NODE_LIST: &[Field] = &[("metadata", 1, Message(LIST_METADATA)), ("items", 2, Message(NODE))];
const POD_LIST: &[Field] = &[("metadata", 1, Message(LIST_METADATA)), ("items", 2, Message(POD))];
const STATUS: &[Field] = &[
    ("metadata", 1, Message(LIST_METADATA)),
    ("status", 2, Text),
    ("message", 3, Text),
    ("reason", 4, Text),
    ("code", 6, Int),
];

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// An object or a list in its envelope; `None` when it is of a kind that is not known here, or of
/// a shape that protobuf has no way to write.
pub fn object(object: &Value) -> Option<Vec<u8>> {
    encode(object, false)
}

/// A list of nodes or pods in its envelope; `None` for any other kind.
#[allow(dead_code)] // The benchmarks make theirs item by item.
pub fn list(kind: &str, metadata: &Value, items: &[&Value]) -> Option<Vec<u8>> {
    let of = match kind {
        "NodeList" => NODE,
        "PodList" => POD,
        _ => return None,
    };
    let mut list = Vec::new();
    bytes(&mut list, 1, &message(LIST_METADATA, metadata.as_object()?, false)?);
    for item in items {
        bytes(&mut list, 2, &message(of, item.as_object()?, false)?);
    }
    Some(envelope(kind, &list))
}

fn encode(object: &Value, may_break: bool) -> Option<Vec<u8>> {
    let kind = object.get("kind")?.as_str()?;
    let fields = match kind {
        "Node" => NODE,
        "NodeList" => NODE_LIST,
        "Pod" => POD,
        "PodList" => POD_LIST,
        "Status" => STATUS,
        _ => return None,
    };
    if object.get("apiVersion")? != "v1" {
        return None;
    }
    let of_envelope = |name: &str| matches!(name, "apiVersion" | "kind");
    let content = object.as_object()?.iter().filter(|(name, _)| !of_envelope(name));
    Some(envelope(kind, &message(fields, content, may_break)?))
}

/// The envelope around an object of this kind.
pub fn envelope(kind: &str, raw: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    bytes(&mut types, 1, b"v1");
    bytes(&mut types, 2, kind.as_bytes());
    let mut envelope = b"k8s\0".to_vec();
    bytes(&mut envelope, 1, &types);
    bytes(&mut envelope, 2, raw);
    bytes(&mut envelope, 3, b"");
    bytes(&mut envelope, 4, b"");
    envelope
}

/// Adds a pod to a list.
#[allow(dead_code)] // The benchmarks make large lists with it.
pub fn item(list: &mut Vec<u8>, pod: &Value) -> Option<()> {
    let pod = message(POD, pod.as_object()?, false)?;
    bytes(list, 2, &pod);
    Some(())
}

/// A watch event in its frame. What protobuf has no way to write is garbage in it too.
pub fn event(kind: &str, object: &Value) -> Option<Vec<u8>> {
    let (mut raw, mut event) = (Vec::new(), Vec::new());
    bytes(&mut raw, 1, &encode(object, true)?);
    bytes(&mut event, 1, kind.as_bytes());
    bytes(&mut event, 2, &raw);
    let mut frame = u32::try_from(event.len()).unwrap().to_be_bytes().to_vec();
    frame.extend(event);
    Some(frame)
}

fn message<'a>(
    fields: &[Field],
    object: impl IntoIterator<Item = (&'a String, &'a Value)>,
    may_break: bool,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for (name, value) in object {
        match fields.iter().find(|(field, _, _)| field == name) {
            Some((_, number, of)) => write(&mut out, *number, of, value, may_break)?,
            None => bytes(&mut out, UNKNOWN, value.to_string().as_bytes()),
        }
    }
    Some(out)
}

fn write(out: &mut Vec<u8>, number: u32, of: &Type, value: &Value, may_break: bool) -> Option<()> {
    match (of, value) {
        (Type::Map(of), Value::Object(pairs)) => {
            for (key, value) in pairs {
                let mut pair = Vec::new();
                bytes(&mut pair, 1, key.as_bytes());
                write(&mut pair, 2, of, value, may_break)?;
                bytes(out, number, &pair);
            }
        }
        (Quantity, Value::Null) => write(out, number, of, &json!("0"), may_break)?,
        (_, Value::Null) => {}
        // No message, no text and no number.
        (Type::Map(_), _) if may_break => bytes(out, number, &[0xff]),
        (Type::Map(_), _) => return None,
        (_, Value::Array(items)) => {
            items.iter().try_for_each(|item| write(out, number, of, item, may_break))?;
        }
        (Message(fields), Value::Object(object)) => {
            bytes(out, number, &message(fields, object, may_break)?)
        }
        (Text, Value::String(text)) => bytes(out, number, text.as_bytes()),
        (Int, Value::Number(integer)) => varint(out, number, integer.as_i64()?.cast_unsigned()),
        (Bool, Value::Bool(is_so)) => varint(out, number, u64::from(*is_so)),
        (Quantity, Value::String(_) | Value::Number(_)) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let mut quantity = Vec::new();
            bytes(&mut quantity, 1, text.as_bytes());
            bytes(out, number, &quantity);
        }
        (Raw, json) => {
            let mut raw = Vec::new();
            bytes(&mut raw, 1, json.to_string().as_bytes());
            bytes(out, number, &raw);
        }
        (Time, Value::String(text)) => {
            let mut time = Vec::new();
            let seconds = text.parse::<jiff::Timestamp>().ok()?.as_second();
            varint(&mut time, 1, seconds.cast_unsigned());
            varint(&mut time, 2, 0);
            bytes(out, number, &time);
        }
        _ if may_break => bytes(out, number, &[0xff]),
        _ => return None,
    }
    Some(())
}

fn varint(out: &mut Vec<u8>, number: u32, value: u64) {
    length(out, u64::from(number) << 3);
    length(out, value);
}

fn bytes(out: &mut Vec<u8>, number: u32, value: &[u8]) {
    length(out, u64::from(number) << 3 | 2);
    length(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn length(out: &mut Vec<u8>, value: u64) {
    let mut value = value;
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
