// Judges histories that the simulator exported (../export.ts) with the real Porcupine, as a check of our own checkers.
//
// It reads a JSON array of histories from the file named by its first argument and prints one line of JSON for each:
// {"name": "...", "verdict": "ok" | "illegal" | "unknown"}. A history that takes longer than the limit is unknown.
// The models are written here once more, from the words of the TypeScript ones and not from their code.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"reflect"
	"time"

	"github.com/anishathalye/porcupine"
)

type history struct {
	Name       string      `json:"name"`
	Model      string      `json:"model"`
	Operations []operation `json:"operations"`
}

type operation struct {
	Client string          `json:"client"`
	Input  input           `json:"input"`
	Output json.RawMessage `json:"output"`
	Call   int64           `json:"call"`
	Return *int64          `json:"return"`
}

type input struct {
	Kind     string `json:"kind"`
	Value    any    `json:"value"`
	Amount   int    `json:"amount"`
	From     any    `json:"from"`
	To       any    `json:"to"`
	Account  string `json:"account"`
	Transfer int    `json:"transfer"`
}

// output is what a client was told; an operation that nobody saw the end of has known = false.
type output struct {
	known bool
	value any
}

func main() {
	limit := flag.Duration("limit", 20*time.Second, "longest time for one history")
	flag.Parse()
	if err := run(flag.Arg(0), *limit); err != nil {
		fmt.Fprintln(os.Stderr, "porcupine:", err)
		os.Exit(1)
	}
}

func run(path string, limit time.Duration) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var histories []history
	if err := json.Unmarshal(text, &histories); err != nil {
		return err
	}
	lines := json.NewEncoder(os.Stdout)
	for _, h := range histories {
		model, ok := models[h.Model]
		if !ok {
			return fmt.Errorf("%s: no model is called %q", h.Name, h.Model)
		}
		operations, err := porcupineOperations(h.Operations)
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		verdict := porcupine.CheckOperationsTimeout(model, operations, limit)
		if err := lines.Encode(map[string]string{"name": h.Name, "verdict": words[verdict]}); err != nil {
			return err
		}
	}
	return nil
}

var words = map[porcupine.CheckResult]string{
	porcupine.Ok: "ok", porcupine.Illegal: "illegal", porcupine.Unknown: "unknown",
}

// An operation without an answer returns after everything else: there its effect is as good as none.
func porcupineOperations(operations []operation) ([]porcupine.Operation, error) {
	clients := map[string]int{}
	result := make([]porcupine.Operation, 0, len(operations))
	for _, o := range operations {
		if _, ok := clients[o.Client]; !ok {
			clients[o.Client] = len(clients)
		}
		out := output{known: o.Return != nil}
		end := int64(math.MaxInt64)
		if out.known {
			end = *o.Return
			if err := json.Unmarshal(o.Output, &out.value); err != nil {
				return nil, err
			}
		}
		result = append(result, porcupine.Operation{
			ClientId: clients[o.Client], Input: o.Input, Call: o.Call, Output: out, Return: end,
		})
	}
	return result, nil
}

// says is true if the client was told this, or nothing.
func (o output) says(value any) bool {
	return !o.known || reflect.DeepEqual(o.value, value)
}

func number(value int) any { return float64(value) }

func model(initial func() any, step func(state any, in input, out output) (bool, any)) porcupine.Model {
	return porcupine.Model{
		Init: initial,
		Step: func(state, in, out any) (bool, any) { return step(state, in.(input), out.(output)) },
		// States are compared by value; fmt prints maps in the order of their keys.
		Equal: reflect.DeepEqual,
		Hash:  func(state any) uint64 { return fnv(fmt.Sprint(state)) },
	}
}

func fnv(text string) uint64 {
	bits := uint64(14695981039346656037)
	for i := 0; i < len(text); i++ {
		bits = (bits ^ uint64(text[i])) * 1099511628211
	}
	return bits
}

var models = map[string]porcupine.Model{
	"list":      model(func() any { return []any{} }, stepList),
	"counter":   model(func() any { return 0 }, stepCounter),
	"account":   model(func() any { return 0 }, stepAccount),
	"register":  model(func() any { return nil }, stepRegister),
	"transfers": model(func() any { return money{map[string]int{}, map[int]bool{}} }, stepTransfers),
}

func stepList(state any, in input, out output) (bool, any) {
	values := state.([]any)
	if in.Kind == "read" {
		return out.says(values), state
	}
	if out.known && out.value == "refused" {
		return true, state
	}
	return out.says("ok"), append(append([]any{}, values...), in.Value)
}

func stepCounter(state any, in input, out output) (bool, any) {
	value := state.(int)
	if in.Kind == "read" {
		return out.says(number(value)), value
	}
	value += in.Amount
	return out.says("ok") || out.says(number(value)), value
}

func stepAccount(state any, in input, out output) (bool, any) {
	balance := state.(int)
	switch in.Kind {
	case "balance":
		return out.says(number(balance)), balance
	case "deposit":
		return out.says("ok"), balance + in.Amount
	}
	if in.Amount > balance {
		return out.says("refused"), balance
	}
	return out.says("ok"), balance - in.Amount
}

func stepRegister(state any, in input, out output) (bool, any) {
	switch in.Kind {
	case "read":
		return out.says(state), state
	case "write":
		return out.says("ok"), in.Value
	}
	if state != in.From {
		return out.says("refused"), state
	}
	return out.says("ok"), in.To
}

// money is what the accounts hold (nothing is not listed) and which transfers were debited and not yet credited.
type money struct {
	Balances map[string]int
	InFlight map[int]bool
}

func (m money) with(account string, amount int) money {
	next := money{map[string]int{}, map[int]bool{}}
	for name, balance := range m.Balances {
		next.Balances[name] = balance
	}
	for transfer := range m.InFlight {
		next.InFlight[transfer] = true
	}
	next.Balances[account] += amount
	if next.Balances[account] == 0 {
		delete(next.Balances, account)
	}
	return next
}

func stepTransfers(state any, in input, out output) (bool, any) {
	now := state.(money)
	switch in.Kind {
	case "audit":
		if !out.known {
			return true, state
		}
		told := map[string]int{}
		listed, _ := out.value.(map[string]any)
		for name, balance := range listed {
			if balance != 0.0 {
				told[name] = int(balance.(float64))
			}
		}
		return len(now.InFlight) == 0 && reflect.DeepEqual(told, now.Balances), state
	case "balance":
		return out.says(number(now.Balances[in.Account])), state
	case "deposit":
		return out.says("ok"), now.with(in.Account, in.Amount)
	case "credit":
		if !now.InFlight[in.Transfer] {
			return !out.known, state // an unanswered credit may never happen
		}
		next := now.with(in.Account, in.Amount)
		delete(next.InFlight, in.Transfer)
		return out.says("ok"), next
	}
	if in.Amount > now.Balances[in.Account] {
		return out.says("refused"), state
	}
	next := now.with(in.Account, -in.Amount)
	next.InFlight[in.Transfer] = true
	return out.says("ok"), next
}
