//! Rendering.

use std::{cell::Cell, cmp::Ordering, collections::BTreeMap};

use super::{
    Rendered, Surroundings,
    ast::{Expression, Node, Operator, Reference, Step},
    input::Input,
    methods,
    value::{Object, Value},
};

/// Nodes and expressions looked at, over all loops.
const STEP_LIMIT: u32 = 250_000;
/// What a template may write: as much as a response may hold.
const OUTPUT_LIMIT: usize = 10 * 1024 * 1024;
/// Turns of one #foreach (Amazon API Gateway Developer Guide, "Quotas for REST APIs": 1,000).
const TURN_LIMIT: usize = 1000;

pub fn render<'a>(nodes: &[Node], surroundings: &'a Surroundings<'a>) -> Result<Rendered, String> {
    let mut renderer = Renderer {
        input: Input::new(surroundings),
        surroundings,
        variables: BTreeMap::new(),
        overrides: BTreeMap::new(),
        steps: Cell::new(0),
    };
    let mut out = String::new();
    renderer.nodes(nodes, &mut out)?;
    Ok(Rendered { text: out, overrides: renderer.overrides })
}

pub struct Renderer<'a> {
    pub input: Input<'a>,
    pub surroundings: &'a Surroundings<'a>,
    variables: BTreeMap<String, Value>,
    overrides: BTreeMap<String, String>,
    steps: Cell<u32>,
}

#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Stop,
}

impl Renderer<'_> {
    fn step(&self) -> Result<(), String> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEP_LIMIT { Err(String::from("the template does too much")) } else { Ok(()) }
    }

    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Result<Flow, String> {
        for node in nodes {
            self.step()?;
            let flow = self.node(node, out)?;
            if out.len() > OUTPUT_LIMIT {
                return Err(String::from("the template writes too much"));
            }
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, out: &mut String) -> Result<Flow, String> {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Output { reference, written, quiet } => match self.reference(reference)? {
                Some(value) => out.push_str(&value.write().unwrap_or_default()),
                None if *quiet => {}
                None => out.push_str(written),
            },
            Node::Set { target, value } => {
                let value = self.expression(value)?;
                self.assign(target, value)?;
            }
            Node::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.expression(condition)?.is_true() {
                        return self.nodes(body, out);
                    }
                }
                return self.nodes(otherwise, out);
            }
            Node::Foreach { variable, over, body } => return self.foreach(variable, over, body, out),
            Node::Break => return Ok(Flow::Break),
            Node::Stop => return Ok(Flow::Stop),
        }
        Ok(Flow::On)
    }

    fn foreach(
        &mut self,
        variable: &str,
        over: &Expression,
        body: &[Node],
        out: &mut String,
    ) -> Result<Flow, String> {
        let items = methods::items_of(&self.expression(over)?);
        let count = items.len();
        if count > TURN_LIMIT {
            return Err(format!("#foreach goes round more than {TURN_LIMIT} times"));
        }
        let before =
            [variable, "foreach", "velocityCount"].map(|name| (name, self.variables.get(name).cloned()));
        let mut flow = Flow::On;
        for (index, item) in items.into_iter().enumerate() {
            let number = i64::try_from(index).unwrap_or(i64::MAX);
            self.variables.insert(variable.to_owned(), item);
            self.variables.insert(String::from("velocityCount"), Value::Integer(number + 1));
            let about = [
                ("index", Value::Integer(number)),
                ("count", Value::Integer(number + 1)),
                ("hasNext", Value::Bool(index + 1 < count)),
                ("first", Value::Bool(index == 0)),
                ("last", Value::Bool(index + 1 == count)),
            ];
            let about = about.map(|(name, value)| (name.to_owned(), value));
            self.variables.insert(String::from("foreach"), Value::map(about));
            flow = self.nodes(body, out)?;
            if flow != Flow::On {
                break;
            }
        }
        for (name, value) in before {
            match value {
                Some(value) => self.variables.insert(name.to_owned(), value),
                None => self.variables.remove(name),
            };
        }
        Ok(if flow == Flow::Stop { Flow::Stop } else { Flow::On })
    }

    fn assign(&mut self, target: &Reference, value: Value) -> Result<(), String> {
        let Some((last, path)) = target.steps.split_last() else {
            if is_reserved(&target.variable) {
                return Err(format!("${} cannot be set", target.variable));
            }
            // Velocity leaves a variable alone when the right side is nothing.
            if !matches!(value, Value::Null) {
                self.variables.insert(target.variable.clone(), value);
            }
            return Ok(());
        };
        let mut holder = self.variable(&target.variable);
        for step in path {
            holder = match holder {
                Some(holder) => self.take_step(&holder, step)?,
                None => None,
            };
        }
        let key = match last {
            Step::Property(name) => Value::text(name),
            Step::Index(index) => self.expression(index)?,
            Step::Method(name, _) => return Err(format!("the result of {name}() cannot be set")),
        };
        match (holder, key) {
            (Some(Value::Map(entries)), key) => {
                let key = key.write().unwrap_or_default();
                entries.borrow_mut().put(&key, value);
            }
            (Some(Value::List(items)), key) => {
                let at = key.as_integer().and_then(|at| usize::try_from(at).ok());
                if let Some(at) = at
                    && let Some(slot) = items.borrow_mut().get_mut(at)
                {
                    *slot = value;
                }
            }
            (Some(Value::Object(Object::Context(prefix))), key) => {
                let name = join(&prefix, &key.write().unwrap_or_default());
                if !name.starts_with("requestOverride.") && !name.starts_with("responseOverride.") {
                    return Err(format!("$context.{name} cannot be set"));
                }
                self.overrides.insert(name, value.write().unwrap_or_default());
            }
            _ => {}
        }
        Ok(())
    }

    fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "input" => Some(Value::Object(Object::Input)),
            "util" => Some(Value::Object(Object::Util)),
            "context" => Some(Value::Object(Object::Context(String::new()))),
            "stageVariables" => Some(Value::Object(Object::StageVariables)),
            _ => self.variables.get(name).cloned(),
        }
    }

    /// What a reference holds; `None` where it, or something on the way, was never set.
    fn reference(&self, reference: &Reference) -> Result<Option<Value>, String> {
        let mut value = self.variable(&reference.variable);
        for step in &reference.steps {
            self.step()?;
            value = match value {
                Some(value) => self.take_step(&value, step)?,
                None => return Ok(None),
            };
        }
        // `$context` and its kin have nothing of their own to show, and where they hold nothing API Gateway writes nothing.
        Ok(match value {
            Some(Value::Object(Object::Context(name))) => {
                let set = self.overrides.get(&name).cloned();
                let held = set.or_else(|| self.surroundings.exchange.variable(&name));
                Some(Value::text(held.unwrap_or_default()))
            }
            other => other,
        })
    }

    fn take_step(&self, value: &Value, step: &Step) -> Result<Option<Value>, String> {
        match step {
            Step::Property(name) => Ok(self.property(value, name)),
            Step::Index(index) => {
                let index = self.expression(index)?;
                Ok(match (value, index.as_integer()) {
                    (Value::List(items), Some(at)) => {
                        let at = usize::try_from(at).ok();
                        at.and_then(|at| items.borrow().get(at).cloned())
                    }
                    _ => self.property(value, &index.write().unwrap_or_default()),
                })
            }
            Step::Method(name, arguments) => {
                let arguments: Vec<Value> =
                    arguments.iter().map(|argument| self.expression(argument)).collect::<Result<_, _>>()?;
                // A part of $context is text once something is asked of it.
                let value = match value {
                    Value::Object(Object::Context(path)) if !path.is_empty() => {
                        Value::text(self.surroundings.exchange.variable(path).unwrap_or_default())
                    }
                    other => other.clone(),
                };
                methods::call(self, &value, name, &arguments)
            }
        }
    }

    fn property(&self, value: &Value, name: &str) -> Option<Value> {
        match value {
            Value::Map(entries) => entries.borrow().get(name).cloned(),
            Value::List(items) if name == "size" => Some(Value::Integer(items.borrow().len() as i64)),
            Value::Object(Object::Context(prefix)) => {
                Some(Value::Object(Object::Context(join(prefix, name))))
            }
            Value::Object(Object::StageVariables) => {
                let variables = &self.surroundings.exchange.stage.variables;
                Some(Value::text(variables.get(name).map_or("", String::as_str)))
            }
            Value::Object(Object::Input) if name == "body" => Some(Value::text(self.surroundings.body)),
            _ => None,
        }
    }

    fn expression(&self, expression: &Expression) -> Result<Value, String> {
        self.step()?;
        Ok(match expression {
            Expression::Null => Value::Null,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Integer(number) => Value::Integer(*number),
            Expression::Float(number) => Value::Float(*number),
            Expression::Text(text) => Value::text(text),
            Expression::Interpolated(nodes) => self.interpolated(nodes)?,
            Expression::Reference(reference) => self.reference(reference)?.unwrap_or(Value::Null),
            Expression::List(items) => {
                Value::list(items.iter().map(|item| self.expression(item)).collect::<Result<_, _>>()?)
            }
            Expression::Range(from, to) => {
                let (from, to) = (self.expression(from)?.as_integer(), self.expression(to)?.as_integer());
                let (Some(from), Some(to)) = (from, to) else { return Ok(Value::Null) };
                if from.abs_diff(to) > TURN_LIMIT as u64 {
                    return Err(format!("a range has more than {TURN_LIMIT} numbers"));
                }
                let numbers: Vec<Value> = if from <= to {
                    (from..=to).map(Value::Integer).collect()
                } else {
                    (to..=from).rev().map(Value::Integer).collect()
                };
                Value::list(numbers)
            }
            Expression::Map(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    map.push((self.expression(key)?.write().unwrap_or_default(), self.expression(value)?));
                }
                Value::map(map)
            }
            Expression::Not(inner) => Value::Bool(!self.expression(inner)?.is_true()),
            Expression::Negative(inner) => match self.expression(inner)? {
                Value::Integer(number) => Value::Integer(number.wrapping_neg()),
                Value::Float(number) => Value::Float(-number),
                _ => Value::Null,
            },
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right)?,
        })
    }

    /// A string with references in it. Directives there may not set anything, so that it can be read without writing.
    fn interpolated(&self, nodes: &[Node]) -> Result<Value, String> {
        let mut out = String::new();
        for node in nodes {
            self.step()?;
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Output { reference, written, quiet } => match self.reference(reference)? {
                    Some(value) => out.push_str(&value.write().unwrap_or_default()),
                    None if *quiet => {}
                    None => out.push_str(written),
                },
                Node::If { branches, otherwise } => {
                    let mut chosen = otherwise;
                    for (condition, body) in branches {
                        if self.expression(condition)?.is_true() {
                            chosen = body;
                            break;
                        }
                    }
                    out.push_str(&self.interpolated(chosen)?.write().unwrap_or_default());
                }
                _ => return Err(String::from("a string holds a directive that is not supported there")),
            }
            if out.len() > OUTPUT_LIMIT {
                return Err(String::from("the template writes too much"));
            }
        }
        Ok(Value::text(out))
    }

    fn binary(&self, operator: Operator, left: &Expression, right: &Expression) -> Result<Value, String> {
        let left = self.expression(left)?;
        match operator {
            Operator::Or if left.is_true() => return Ok(Value::Bool(true)),
            Operator::And if !left.is_true() => return Ok(Value::Bool(false)),
            _ => {}
        }
        let right = self.expression(right)?;
        Ok(match operator {
            Operator::Or | Operator::And => Value::Bool(right.is_true()),
            Operator::Equal => Value::Bool(left.equals(&right)),
            Operator::NotEqual => Value::Bool(!left.equals(&right)),
            Operator::Less => Value::Bool(order(&left, &right) == Some(Ordering::Less)),
            Operator::LessOrEqual => Value::Bool(order(&left, &right).is_some_and(Ordering::is_le)),
            Operator::Greater => Value::Bool(order(&left, &right) == Some(Ordering::Greater)),
            Operator::GreaterOrEqual => Value::Bool(order(&left, &right).is_some_and(Ordering::is_ge)),
            _ => return arithmetic(operator, &left, &right),
        })
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        _ => left.as_float()?.partial_cmp(&right.as_float()?),
    }
}

fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Result<Value, String> {
    if let (Value::Integer(left), Value::Integer(right)) = (left, right) {
        let result = match operator {
            Operator::Add => left.checked_add(*right),
            Operator::Subtract => left.checked_sub(*right),
            Operator::Multiply => left.checked_mul(*right),
            Operator::Divide => left.checked_div(*right),
            _ => left.checked_rem(*right),
        };
        return Ok(result.map_or(Value::Null, Value::Integer));
    }
    if let (Some(left), Some(right)) = (left.as_float(), right.as_float()) {
        return Ok(Value::Float(match operator {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide => left / right,
            _ => left % right,
        }));
    }
    if operator == Operator::Add && (matches!(left, Value::Text(_)) || matches!(right, Value::Text(_))) {
        let text = |value: &Value| value.write().unwrap_or_else(|| String::from("null"));
        let joined = text(left) + &text(right);
        if joined.len() > OUTPUT_LIMIT {
            return Err(String::from("the template makes too long a text"));
        }
        return Ok(Value::text(joined));
    }
    Ok(Value::Null)
}

fn is_reserved(variable: &str) -> bool {
    matches!(variable, "input" | "util" | "context" | "stageVariables")
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}
