package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi/datamodel/high/v3"

	"fanseed/signal/api"
	"fanseed/signal/receipt"
)

// described is the document, read once: what validates by it, and what is in it.
var described = sync.OnceValues(func() (validator.Validator, *v3.Document) {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		panic(err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		panic(err)
	}
	v, errs := validator.NewValidator(document)
	model, err := document.BuildV3Model()
	if len(errs) > 0 || err != nil {
		panic(errs)
	}
	return v, &model.Model
})

// asDescribed holds an answer to the document, and the request too if it was granted.
func asDescribed(t testing.TB, r *http.Request, body []byte, w *httptest.ResponseRecorder) {
	t.Helper()
	if r.Method == http.MethodOptions || !strings.HasPrefix(r.URL.Path, "/v1/") && r.Host == "fanseed.test" {
		return
	}
	again := func() *http.Request {
		asked := r.Clone(r.Context())
		asked.Body, asked.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		if len(body) > 0 && asked.Header.Get("Content-Type") == "" {
			asked.Header.Set("Content-Type", mediaType(r.URL.Path))
		}
		return asked
	}
	v, _ := described()
	answer := w.Result()
	answer.Body = io.NopCloser(bytes.NewReader(w.Body.Bytes()))
	if ok, errs := v.ValidateHttpResponse(again(), answer); !ok {
		if (errs[0].IsPathMissingError() || errs[0].IsOperationMissingError()) && (w.Code == 404 || w.Code == 405) {
			return // there is no such path
		}
		t.Errorf("%s %s is answered by %d %.400s, which is not as described: %v", r.Method, r.URL, w.Code, w.Body, errs)
	}
	if w.Code < 300 {
		if ok, errs := v.ValidateHttpRequest(again()); !ok {
			t.Errorf("%s %s %.400s is granted, and not as described: %v", r.Method, r.URL, body, errs)
		}
	}
}

func mediaType(path string) string {
	switch {
	case path == "/v1/works":
		return "application/x-bittorrent"
	case strings.HasPrefix(path, "/appeals/"):
		return "text/plain"
	}
	return "application/json"
}

func TestTheDocumentIsSound(t *testing.T) {
	v, _ := described()
	if ok, errs := v.ValidateDocument(); !ok {
		t.Error(errs)
	}
	s := newSite(t)
	want, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if w := s.get("/v1/openapi.json"); w.Code != 200 || !bytes.Equal(w.Body.Bytes(), want) || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("got %d %v %.100s", w.Code, w.Header(), w.Body)
	}
}

// The routes of the public log and of the webseed are other packages'.
func TestEveryRouteIsDescribed(t *testing.T) {
	_, document := described()
	var got []string
	for path, item := range document.Paths.PathItems.FromOldest() {
		if strings.HasPrefix(path, "/v1/log/") || strings.HasPrefix(path, "/webseed/") {
			continue
		}
		for method := range item.GetOperations().FromOldest() {
			got = append(got, strings.ToUpper(method)+" "+path)
		}
	}
	want := api.Routes()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("described are\n%s\nand there are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryReasonIsDescribed(t *testing.T) {
	_, document := described()
	schema, _ := document.Components.Schemas.Get("Reason")
	var got []receipt.Reason
	for _, node := range schema.Schema().Enum {
		got = append(got, receipt.Reason(node.Value))
	}
	if want := receipt.Reasons(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
