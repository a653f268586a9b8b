{{- /* Cluster-wide names: told apart by namespace where that is not the usual one. */}}
{{- define "oppscale.clusterName" -}}
{{- if eq .Release.Namespace .Values.service -}}
{{- .Values.service -}}
{{- else -}}
{{- printf "%s-%s" .Release.Namespace .Values.service -}}
{{- end -}}
{{- end -}}

{{- /* The APIs, as the server's --apis takes them. */}}
{{- define "oppscale.apis" -}}
{{- if and .Values.apis.custom .Values.apis.external -}}
custom,external
{{- else if .Values.apis.custom -}}
custom
{{- else -}}
external
{{- end -}}
{{- end -}}
