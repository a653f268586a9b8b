//! What the fake API server says without storing it: tokens, pods' metrics, aggregated APIs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::answer;
use super::body::{Body, full};
use super::place::Place;
use super::refusal::{not_found, status};
use super::store::{Inner, TOKEN};

/// What `/flagz` says of an API server with a front proxy.
pub fn flags() -> Value {
    json!({"kind": "Flagz", "flags": {
        "requestheader-client-ca-file": "/etc/ca.crt", "proxy-client-cert-file": "/etc/c.crt",
        "proxy-client-key-file": "/etc/c.key",
        "requestheader-allowed-names": "[front-proxy-client]"
    }})
}

impl Inner {
    pub fn token(&self, place: &Place<'_>, mut request: Value) -> Response<Body> {
        let (namespace, name) = (place.namespace.unwrap(), place.name.unwrap());
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}");
        if !self.objects.contains_key(&account) {
            return not_found(place);
        }
        let seconds = request["spec"]["expirationSeconds"].as_u64().unwrap_or(3600);
        if seconds < 600 {
            let message = format!(
                "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: {seconds}: may not specify a duration less than 10 minutes"
            );
            return status(422, "Invalid", &message);
        }
        let cut = self.longest_token.filter(|longest| *longest < seconds);
        let expires = if cut.is_some() { "2026-11-25T03:00:00Z" } else { "2027-01-01T00:00:00Z" };
        request["status"] = json!({"token": TOKEN, "expirationTimestamp": expires});
        let mut answer = answer::json(StatusCode::CREATED, &request);
        if let Some(longest) = cut {
            let text = format!(
                "299 - \"requested expiration of {seconds} seconds shortened to {longest} seconds\""
            );
            answer.headers_mut().insert("warning", HeaderValue::from_str(&text).unwrap());
        }
        answer
    }

    /// What a pod says through the API server's proxy: which certificate it serves.
    pub fn proxied(&mut self) -> Response<Body> {
        let secrets = self.objects.values().filter(|o| o.value["type"] == "kubernetes.io/tls");
        let chain = secrets.filter_map(|secret| {
            let bytes = STANDARD.decode(secret.value["data"]["tls.crt"].as_str()?).ok()?;
            let ders = oppscale::certificates::parse_pem(&String::from_utf8(bytes).ok()?).ok()?;
            Some(oppscale::certificates::Certificate::parse(ders.first()?).ok()?.not_after)
        });
        let current = chain.max().unwrap_or_default();
        if self.lag == 0 || self.served.is_none() {
            self.served = Some(current);
        }
        self.lag = self.lag.saturating_sub(1);
        let served = self.served.unwrap();
        let text = format!("oppscale_serving_certificate_expiry_timestamp_seconds {served}\n");
        Response::new(full(text))
    }

    /// The aggregated API, as far as an APIService leads to it.
    pub fn metrics(&self, path: &str) -> Response<Body> {
        let parts: Vec<&str> = path.split('/').collect();
        let service = format!(
            "/apis/apiregistration.k8s.io/v1/apiservices/{}.{}",
            parts.get(3).unwrap_or(&""),
            parts[2]
        );
        if !self.objects.contains_key(&service) {
            return answer::recorded("404-path");
        }
        if self.available.is_none_or(|(status, ..)| status != "True") {
            return answer::recorded("503-aggregator");
        }
        if parts.len() <= 4 {
            let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "resources": []});
            return answer::json(StatusCode::OK, &list);
        }
        let items: Vec<_> = self
            .metric
            .iter()
            .map(|value| json!({"value": value, "timestamp": "2026-11-24T03:00:00Z"}))
            .collect();
        let list = json!({"kind": "MetricValueList", "apiVersion": "custom.metrics.k8s.io/v1beta1", "metadata": {}, "items": items});
        answer::json(StatusCode::OK, &list)
    }
}
