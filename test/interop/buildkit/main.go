// Reads a JSON array of Dockerfiles, and writes for each the images that BuildKit would take something from, or why it
// builds nothing. Names are resolved as in dockerfile2llb, of which nothing but whole builds is public.
package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

type answer struct {
	Images []string `json:"images"`
	Error  string   `json:"error"`
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		panic(err)
	}
	answers := make([]answer, len(texts))
	for i, text := range texts {
		images, err := imagesOf(text)
		answers[i] = answer{Images: images}
		if err != nil {
			answers[i] = answer{Error: err.Error()}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}

type stages struct {
	byName map[string]bool
	count  int
}

func imagesOf(text string) ([]string, error) {
	images := []string{}
	if frontend, _, _, ok := parser.DetectSyntax([]byte(text)); ok {
		images = append(images, frontend)
	}
	file, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	all, args, err := instructions.Parse(file.AST, nil)
	if err != nil {
		return nil, err
	}
	lex := shell.NewLex(file.EscapeToken)
	env := []string{}
	for _, arg := range args {
		for _, pair := range arg.Args {
			if pair.Value == nil {
				continue
			}
			value, _, err := lex.ProcessWord(*pair.Value, shell.EnvsFromSlice(env))
			if err != nil {
				return nil, err
			}
			env = append(env, pair.Key+"="+value)
		}
	}
	known := stages{byName: map[string]bool{}, count: len(all)}
	for _, stage := range all {
		base, _, err := lex.ProcessWord(stage.BaseName, shell.EnvsFromSlice(env))
		if err != nil {
			return nil, err
		}
		if !known.byName[base] && base != "scratch" {
			images = append(images, base)
		}
		if stage.Name != "" {
			known.byName[strings.ToLower(stage.Name)] = true
		}
	}
	for _, stage := range all {
		for _, command := range stage.Commands {
			found, err := known.sources(command, lex)
			if err != nil {
				return nil, err
			}
			images = append(images, found...)
		}
	}
	return images, nil
}

func (known stages) sources(command instructions.Command, lex *shell.Lex) ([]string, error) {
	switch c := command.(type) {
	case *instructions.CopyCommand:
		if c.From == "" {
			return nil, nil
		}
		if _, err := strconv.Atoi(c.From); err == nil {
			return nil, nil
		}
		return known.image(c.From), nil
	case *instructions.RunCommand:
		var images []string
		for _, mount := range instructions.GetMounts(c) {
			if mount.From != "" {
				images = append(images, known.image(mount.From)...)
			}
		}
		return images, nil
	case *instructions.OnbuildCommand:
		file, err := parser.Parse(strings.NewReader(c.Expression))
		if err != nil {
			return nil, err
		}
		trigger, err := instructions.ParseCommand(file.AST.Children[0])
		if err != nil {
			return nil, err
		}
		return known.sources(trigger, lex)
	}
	return nil, nil
}

func (known stages) image(name string) []string {
	if known.byName[strings.ToLower(name)] || name == "scratch" {
		return nil
	}
	return []string{name}
}
