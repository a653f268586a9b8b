// Renders Helm charts with the engine that Helm itself is built on, for machines without Helm.
//
// Standard input is a list of cases, standard output a list of results. Of Helm's functions
// there are those that the chart of oppscale uses. A value that is not there is an error, as
// with helm --strict.
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"text/template"
)

type testCase struct {
	Chart     string
	Release   string
	Namespace string
	Values    map[string]interface{}
	// What Chart.yaml says.
	Metadata map[string]interface{}
}

type result struct {
	// Files by name, what is blank left out.
	Files map[string]string
	Error string
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	results := []result{}
	for _, one := range cases {
		files, err := render(one)
		if err != nil {
			results = append(results, result{Error: err.Error()})
		} else {
			results = append(results, result{Files: files})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func render(one testCase) (map[string]string, error) {
	all := template.New("chart").Option("missingkey=error")
	all.Funcs(template.FuncMap{
		"quote":  func(value interface{}) string { return fmt.Sprintf("%q", fmt.Sprint(value)) },
		"b64enc": func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
		"toJson": func(value interface{}) (string, error) {
			text, err := json.Marshal(value)
			return string(text), err
		},
		"splitn": func(separator string, count int, text string) map[string]string {
			parts := map[string]string{}
			for at, part := range strings.SplitN(text, separator, count) {
				parts[fmt.Sprintf("_%d", at)] = part
			}
			return parts
		},
		"regexMatch": regexp.MatchString,
		"fail":   func(words string) (string, error) { return "", errors.New(words) },
		"include": func(name string, data interface{}) (string, error) {
			var text strings.Builder
			err := all.ExecuteTemplate(&text, name, data)
			return text.String(), err
		},
	})
	paths, err := filepath.Glob(filepath.Join(one.Chart, "templates", "*"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if _, err := all.New(filepath.Base(path)).Parse(string(text)); err != nil {
			return nil, err
		}
	}
	data := map[string]interface{}{
		"Values":  one.Values,
		"Release": map[string]interface{}{"Name": one.Release, "Namespace": one.Namespace, "Service": "Helm"},
		// Helm's names for what Chart.yaml has in small letters.
		"Chart": map[string]interface{}{
			"Name": one.Metadata["name"], "Version": one.Metadata["version"], "AppVersion": one.Metadata["appVersion"],
		},
	}
	files := map[string]string{}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") {
			continue
		}
		var text strings.Builder
		if err := all.ExecuteTemplate(&text, name, data); err != nil {
			return nil, err
		}
		if strings.TrimSpace(text.String()) != "" {
			files[name] = text.String()
		}
	}
	return files, nil
}
