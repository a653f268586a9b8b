//! The fields of a Pod that `core::model` reads: what a skim of a list keeps.
//!
//! A test holds this against the model: a list must count the same skimmed and whole.

use super::skim::Keep;
use super::skim::Keep::{Members, Whole};

const REQUESTS: Keep = Members(&[("requests", Whole)]);

const CONTAINER: Keep = Members(&[
    ("name", Whole),
    ("resources", Members(&[("requests", Whole), ("limits", Whole)])),
    ("restartPolicy", Whole),
]);

const CONTAINER_STATUS: Keep =
    Members(&[("name", Whole), ("resources", REQUESTS), ("allocatedResources", Whole)]);

const CONDITION: Keep = Members(&[("type", Whole), ("status", Whole), ("reason", Whole)]);

const OWNER: Keep =
    Members(&[("kind", Whole), ("name", Whole), ("uid", Whole), ("controller", Whole)]);

/// What is kept of a pod.
pub(super) const POD: Keep = Members(&[
    (
        "metadata",
        Members(&[
            ("name", Whole),
            ("namespace", Whole),
            ("uid", Whole),
            ("labels", Whole),
            ("ownerReferences", OWNER),
            ("deletionTimestamp", Whole),
        ]),
    ),
    (
        "spec",
        Members(&[
            ("nodeName", Whole),
            ("initContainers", CONTAINER),
            ("containers", CONTAINER),
            ("overhead", Whole),
            ("resources", Members(&[("requests", Whole), ("limits", Whole)])),
            ("nodeSelector", Whole),
            ("affinity", Whole),
            ("tolerations", Whole),
            ("schedulingGates", Whole),
        ]),
    ),
    (
        "status",
        Members(&[
            ("phase", Whole),
            ("conditions", CONDITION),
            ("containerStatuses", CONTAINER_STATUS),
            ("initContainerStatuses", CONTAINER_STATUS),
            ("resources", REQUESTS),
            ("allocatedResources", Whole),
        ]),
    ),
]);
