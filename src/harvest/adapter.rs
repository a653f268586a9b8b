//! Rules by which prometheus-adapter answers, as its file of rules has them.

/// The metric, of the Deployment that its labels name. The smaller word of two servers counts,
/// for it yields; and of the kind, or a StatefulSet of the same name would have its say.
pub const FIT_RULE: &str = r#"rules:
- seriesQuery: 'oppscale_fit_replicas{namespace!="",workload!=""}'
  resources:
    overrides:
      namespace: {resource: namespace}
      workload: {group: apps, resource: deployment}
  name: {matches: '^oppscale_fit_replicas$', as: oppscale_fit_replicas}
  metricsQuery: 'min(<<.Series>>{<<.LabelMatchers>>,kind="Deployment"}) by (<<.GroupBy>>)'
"#;

/// The sample application's requests a second, of each pod.
pub(super) const REQUESTS_RULE: &str = r#"rules:
- seriesQuery: 'http_requests_total{namespace!="",pod!=""}'
  resources:
    overrides:
      namespace: {resource: namespace}
      pod: {resource: pod}
  name: {matches: '^http_requests_total$', as: http_requests}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)'
"#;
