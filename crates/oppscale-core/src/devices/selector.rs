//! Device selectors: the part of CEL that selectors of device classes and requests are made of.
//!
//! Literals, `!`, `-`, comparisons, `in`, `&&`, `||`, `?:`, lists, `has`, `cel.bind`, string
//! functions, `quantity` and `semver` with their comparisons, over `device.driver`,
//! `device.allowMultipleAllocations`, `device.attributes` and `device.capacity`, as
//! `k8s.io/dynamic-resource-allocation/cel` (1.36) defines them. Anything else makes the result
//! unknown, never a guess. A crate for CEL would bring a dozen others and still leave those
//! functions, and the lookup of attributes by domain, to be written here.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;

use regex_lite::Regex;

use super::model::{Attribute, Device};
use crate::quantity::Quantity;

/// Greatest depth of an expression.
const MAX_DEPTH: u32 = 40;
/// Greatest length of an expression, in tokens; the API accepts 10 KiB.
const MAX_TOKENS: usize = 1_000;

/// A selector, or the fact that it is beyond the supported part of CEL.
#[derive(Debug, Clone)]
pub struct DeviceSelector(Option<Expression>);

/// A device with the name of its driver, which is also the domain of unqualified names.
#[derive(Debug, Clone, Copy)]
pub struct DeviceOfDriver<'d> {
    /// The driver.
    pub driver: &'d str,
    /// The device.
    pub device: &'d Device,
}

#[derive(Debug, Clone)]
enum Expression {
    Literal(Literal),
    Name(String),
    List(Vec<Expression>),
    Member(Box<Expression>, String),
    Index(Box<Expression>, Box<Expression>),
    Call(Option<Box<Expression>>, String, Vec<Expression>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Choice(Box<Expression>, Box<Expression>, Box<Expression>),
}

#[derive(Debug, Clone)]
enum Literal {
    Bool(bool),
    Int(i64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

#[derive(Debug, Clone, PartialEq)]
enum Value<'d> {
    Bool(bool),
    Int(i64),
    Text(String),
    Quantity(Quantity),
    Version(Version),
    List(Vec<Value<'d>>),
    Device(DeviceOfDriver<'d>),
    Attributes(DeviceOfDriver<'d>),
    Capacity(DeviceOfDriver<'d>),
    AttributesOf(DeviceOfDriver<'d>, String),
    CapacityOf(DeviceOfDriver<'d>, String),
}

impl PartialEq for DeviceOfDriver<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.driver == other.driver && std::ptr::eq(self.device, other.device)
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// CEL has none either: a missing attribute, operands of different types.
    Error,
    /// The expression is beyond the supported part.
    Unsupported,
}

/// Variables of `cel.bind`, the innermost last.
type Scope<'d> = Vec<(String, Value<'d>)>;

impl DeviceSelector {
    /// Parses an expression.
    pub fn parse(text: &str) -> Self {
        let tokens = tokens(text).map(|tokens| tokens.into_iter().peekable());
        Self(tokens.and_then(|tokens| {
            let mut parser = Parser { tokens, depth: 0 };
            let expression = parser.choice()?;
            parser.tokens.next().is_none().then_some(expression)
        }))
    }

    /// Whether the device is selected; `None` if that is unknown. An expression that fails, for
    /// example on a missing attribute, selects nothing.
    pub fn selects(&self, device: DeviceOfDriver<'_>) -> Option<bool> {
        let scope = &mut Scope::new();
        match self.0.as_ref()?.value(device, scope) {
            Ok(Value::Bool(is_selected)) => Some(is_selected),
            Ok(_) | Err(Failure::Error) => Some(false),
            Err(Failure::Unsupported) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Int(i64),
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// The tokens of `text`; `None` if it has others.
fn tokens(text: &str) -> Option<Vec<Token>> {
    const SIGNS: [&str; 21] = [
        "&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", ".", ",", "?", ":", "!", "-", "<",
        ">", "+", "*", "/",
    ];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length;
        if first.is_ascii_digit() {
            length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            tokens.push(Token::Int(rest[..length].parse().ok()?));
        } else if let Some(quoted) =
            rest.strip_prefix(['r', 'R']).filter(|r| r.starts_with(['"', '\'']))
        {
            let (text, end) = quoted_text(quoted, true)?;
            length = end + 1;
            tokens.push(Token::Text(text));
        } else if first == '"' || first == '\'' {
            let (text, end) = quoted_text(rest, false)?;
            length = end;
            tokens.push(Token::Text(text));
        } else if first.is_ascii_alphabetic() || first == '_' {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..length].to_owned()));
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            length = sign.len();
            tokens.push(Token::Sign(sign));
        }
        rest = rest[length..].trim_start();
    }
    (tokens.len() <= MAX_TOKENS).then_some(tokens)
}

/// The text in quotes that `text` starts with, and where the quotes end. Triple quotes are not
/// supported.
fn quoted_text(text: &str, is_raw: bool) -> Option<(String, usize)> {
    let quote = text.chars().next()?;
    if text.get(..3).is_some_and(|start| start.chars().all(|c| c == quote)) {
        return None;
    }
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((content, at + c.len_utf8())),
            '\\' if !is_raw => content.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                escaped @ ('\\' | '"' | '\'' | '`' | '?') => escaped,
                _ => return None,
            }),
            c => content.push(c),
        }
    }
    None
}

struct Parser {
    tokens: Peekable<std::vec::IntoIter<Token>>,
    depth: u32,
}

impl Parser {
    fn take(&mut self, sign: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Sign(s) if *s == sign)).is_some()
    }

    fn expect(&mut self, sign: &str) -> Option<()> {
        self.take(sign).then_some(())
    }

    fn choice(&mut self) -> Option<Expression> {
        self.depth += 1;
        let condition = (self.depth <= MAX_DEPTH).then(|| self.or())??;
        let choice = if self.take("?") {
            let yes = self.or()?;
            self.expect(":")?;
            Expression::Choice(condition.into(), yes.into(), self.choice()?.into())
        } else {
            condition
        };
        self.depth -= 1;
        Some(choice)
    }

    fn or(&mut self) -> Option<Expression> {
        let mut left = self.and()?;
        while self.take("||") {
            left = Expression::Binary(Operator::Or, left.into(), self.and()?.into());
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expression> {
        let mut left = self.relation()?;
        while self.take("&&") {
            left = Expression::Binary(Operator::And, left.into(), self.relation()?.into());
        }
        Some(left)
    }

    fn relation(&mut self) -> Option<Expression> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.tokens.peek() {
                Some(Token::Sign("==")) => Operator::Equal,
                Some(Token::Sign("!=")) => Operator::NotEqual,
                Some(Token::Sign("<")) => Operator::Less,
                Some(Token::Sign("<=")) => Operator::LessOrEqual,
                Some(Token::Sign(">")) => Operator::Greater,
                Some(Token::Sign(">=")) => Operator::GreaterOrEqual,
                Some(Token::Name(name)) if name == "in" => Operator::In,
                _ => return Some(left),
            };
            self.tokens.next();
            left = Expression::Binary(operator, left.into(), self.unary()?.into());
        }
    }

    fn unary(&mut self) -> Option<Expression> {
        self.depth += 1;
        let unary = match self.tokens.peek() {
            _ if self.depth > MAX_DEPTH => return None,
            Some(Token::Sign("!")) => {
                self.tokens.next();
                Expression::Not(self.unary()?.into())
            }
            Some(Token::Sign("-")) => {
                self.tokens.next();
                Expression::Negative(self.unary()?.into())
            }
            _ => self.postfix()?,
        };
        self.depth -= 1;
        Some(unary)
    }

    fn postfix(&mut self) -> Option<Expression> {
        let mut of = self.primary()?;
        // A chain is as deep a tree as parentheses are.
        for _ in 0..MAX_DEPTH {
            if self.take(".") {
                let Token::Name(name) = self.tokens.next()? else { return None };
                of = match self.take("(") {
                    true => Expression::Call(Some(of.into()), name, self.arguments(")")?),
                    false => Expression::Member(of.into(), name),
                };
            } else if self.take("[") {
                let key = self.choice()?;
                self.expect("]")?;
                of = Expression::Index(of.into(), key.into());
            } else {
                return Some(of);
            }
        }
        None
    }

    fn primary(&mut self) -> Option<Expression> {
        Some(match self.tokens.next()? {
            Token::Int(number) => Expression::Literal(Literal::Int(number)),
            Token::Text(text) => Expression::Literal(Literal::Text(text)),
            Token::Name(name) if name == "true" || name == "false" => {
                Expression::Literal(Literal::Bool(name == "true"))
            }
            Token::Name(name) if self.take("(") => {
                Expression::Call(None, name, self.arguments(")")?)
            }
            Token::Name(name) => Expression::Name(name),
            Token::Sign("(") => {
                let inner = self.choice()?;
                self.expect(")")?;
                inner
            }
            Token::Sign("[") => Expression::List(self.arguments("]")?),
            Token::Sign(_) => return None,
        })
    }

    fn arguments(&mut self, end: &str) -> Option<Vec<Expression>> {
        let mut arguments = Vec::new();
        while !self.take(end) {
            arguments.push(self.choice()?);
            if !self.take(",") {
                self.expect(end)?;
                break;
            }
        }
        Some(arguments)
    }
}

impl Expression {
    fn value<'d>(
        &self,
        device: DeviceOfDriver<'d>,
        scope: &mut Scope<'d>,
    ) -> Result<Value<'d>, Failure> {
        Ok(match self {
            Self::Literal(Literal::Bool(truth)) => Value::Bool(*truth),
            Self::Literal(Literal::Int(number)) => Value::Int(*number),
            Self::Literal(Literal::Text(text)) => Value::Text(text.clone()),
            Self::Name(name) => match scope.iter().rev().find(|(bound, _)| bound == name) {
                Some((_, value)) => value.clone(),
                None if name == "device" => Value::Device(device),
                None => return Err(Failure::Unsupported),
            },
            Self::List(items) => {
                let items = items.iter().map(|item| item.value(device, scope));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Self::Member(of, name) => of.value(device, scope)?.member(name)?,
            Self::Index(of, key) => match (of.value(device, scope)?, key.value(device, scope)?) {
                (Value::Device(_), _) => return Err(Failure::Error),
                (of, Value::Text(name)) => of.member(&name)?,
                (Value::List(items), Value::Int(at)) => {
                    let at = usize::try_from(at).map_err(|_| Failure::Error)?;
                    items.into_iter().nth(at).ok_or(Failure::Error)?
                }
                _ => return Err(Failure::Error),
            },
            Self::Call(of, name, arguments) => {
                return call(of.as_deref(), name, arguments, device, scope);
            }
            Self::Not(of) => Value::Bool(!of.truth(device, scope)?),
            Self::Negative(of) => match of.value(device, scope)? {
                Value::Int(number) => Value::Int(number.checked_neg().ok_or(Failure::Error)?),
                _ => return Err(Failure::Error),
            },
            Self::Binary(operator @ (Operator::Or | Operator::And), left, right) => {
                // Either operand decides alone, whatever becomes of the other.
                let decides = *operator == Operator::Or;
                match (left.truth(device, scope), right.truth(device, scope)) {
                    (Ok(truth), _) | (_, Ok(truth)) if truth == decides => Value::Bool(decides),
                    (Ok(_), Ok(_)) => Value::Bool(!decides),
                    (Err(Failure::Unsupported), _) | (_, Err(Failure::Unsupported)) => {
                        return Err(Failure::Unsupported);
                    }
                    (Err(failure), _) | (_, Err(failure)) => return Err(failure),
                }
            }
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.value(device, scope)?, right.value(device, scope)?);
                Value::Bool(compare(*operator, &left, &right)?)
            }
            Self::Choice(condition, yes, no) => {
                let chosen = if condition.truth(device, scope)? { yes } else { no };
                chosen.value(device, scope)?
            }
        })
    }

    fn truth<'d>(
        &self,
        device: DeviceOfDriver<'d>,
        scope: &mut Scope<'d>,
    ) -> Result<bool, Failure> {
        match self.value(device, scope)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Failure::Error),
        }
    }
}

impl<'d> Value<'d> {
    fn member(&self, name: &str) -> Result<Value<'d>, Failure> {
        match self {
            Self::Device(of) => Ok(match name {
                "driver" => Value::Text(of.driver.to_owned()),
                "allowMultipleAllocations" => Value::Bool(of.device.allow_multiple_allocations),
                "attributes" => Value::Attributes(*of),
                "capacity" => Value::Capacity(*of),
                _ => return Err(Failure::Unsupported),
            }),
            // An unknown domain is an empty map.
            Self::Attributes(of) => Ok(Value::AttributesOf(*of, name.to_owned())),
            Self::Capacity(of) => Ok(Value::CapacityOf(*of, name.to_owned())),
            Self::AttributesOf(of, domain) => of.attribute(domain, name)?.ok_or(Failure::Error),
            Self::CapacityOf(of, domain) => of.capacity(domain, name)?.ok_or(Failure::Error),
            _ => Err(Failure::Error),
        }
    }
}

impl<'d> DeviceOfDriver<'d> {
    fn attribute(&self, domain: &str, name: &str) -> Result<Option<Value<'d>>, Failure> {
        let attribute = find(&self.device.attributes, self.driver, domain, name);
        attribute.map(Value::of_attribute).transpose()
    }

    fn capacity(&self, domain: &str, name: &str) -> Result<Option<Value<'d>>, Failure> {
        let capacity = find(&self.device.capacity, self.driver, domain, name);
        let quantity = capacity.map(|capacity| capacity.value.parse().map(Value::Quantity));
        quantity.transpose().map_err(|_| Failure::Error)
    }

    /// Whether there is an attribute or capacity of this domain.
    fn has_domain<V>(&self, of: &BTreeMap<String, V>, domain: &str) -> bool {
        of.keys().any(|name| split(name, self.driver).0 == domain)
    }
}

/// Domain and name of a qualified name; the driver is the domain of others.
fn split<'n>(name: &'n str, driver: &'n str) -> (&'n str, &'n str) {
    name.split_once('/').unwrap_or((driver, name))
}

fn find<'d, V>(
    of: &'d BTreeMap<String, V>,
    driver: &str,
    domain: &str,
    name: &str,
) -> Option<&'d V> {
    of.iter().find(|(key, _)| split(key, driver) == (domain, name)).map(|(_, value)| value)
}

impl<'d> Value<'d> {
    /// The value of an attribute.
    fn of_attribute(attribute: &Attribute) -> Result<Value<'d>, Failure> {
        Ok(match attribute {
            Attribute { int: Some(number), .. } => Value::Int(*number),
            Attribute { bool: Some(truth), .. } => Value::Bool(*truth),
            Attribute { string: Some(text), .. } => Value::Text(text.clone()),
            Attribute { version: Some(version), .. } => {
                Value::Version(Version::parse(version).ok_or(Failure::Error)?)
            }
            // Lists (1.36, alpha) and what comes later.
            _ => return Err(Failure::Unsupported),
        })
    }
}

fn compare(operator: Operator, left: &Value<'_>, right: &Value<'_>) -> Result<bool, Failure> {
    let is_equal = |a: &Value<'_>, b: &Value<'_>| match (a, b) {
        (Value::Quantity(a), Value::Quantity(b)) => a == b,
        (a, b) => a == b,
    };
    let ordered = |accepts: fn(Ordering) -> bool| match (left, right) {
        (Value::Int(a), Value::Int(b)) => Ok(accepts(a.cmp(b))),
        (Value::Text(a), Value::Text(b)) => Ok(accepts(a.cmp(b))),
        (Value::Bool(a), Value::Bool(b)) => Ok(accepts(a.cmp(b))),
        _ => Err(Failure::Error),
    };
    match operator {
        Operator::Equal => Ok(is_equal(left, right)),
        Operator::NotEqual => Ok(!is_equal(left, right)),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::In => match (left, right) {
            (item, Value::List(items)) => Ok(items.iter().any(|other| is_equal(item, other))),
            (Value::Text(domain), Value::Attributes(of)) => {
                Ok(of.has_domain(&of.device.attributes, domain))
            }
            (Value::Text(domain), Value::Capacity(of)) => {
                Ok(of.has_domain(&of.device.capacity, domain))
            }
            (Value::Text(name), Value::AttributesOf(of, domain)) => {
                Ok(of.attribute(domain, name)?.is_some())
            }
            (Value::Text(name), Value::CapacityOf(of, domain)) => {
                Ok(of.capacity(domain, name)?.is_some())
            }
            _ => Err(Failure::Error),
        },
        Operator::Or | Operator::And => Err(Failure::Error),
    }
}

fn call<'d>(
    of: Option<&Expression>,
    name: &str,
    arguments: &[Expression],
    device: DeviceOfDriver<'d>,
    scope: &mut Scope<'d>,
) -> Result<Value<'d>, Failure> {
    if let (None, "has", [Expression::Member(of, member)]) = (of, name, arguments) {
        return match of.value(device, scope)?.member(member) {
            Ok(_) => Ok(Value::Bool(true)),
            Err(Failure::Error) => Ok(Value::Bool(false)),
            Err(failure) => Err(failure),
        };
    }
    if let (Some(Expression::Name(cel)), "bind", [Expression::Name(variable), value, body]) =
        (of, name, arguments)
        && cel == "cel"
    {
        let value = value.value(device, scope)?;
        scope.push((variable.clone(), value));
        let result = body.value(device, scope);
        scope.pop();
        return result;
    }
    let of = of.map(|of| of.value(device, scope)).transpose()?;
    let arguments: Vec<Value<'_>> =
        arguments.iter().map(|a| a.value(device, scope)).collect::<Result<_, _>>()?;
    let (of, argument) = match (of, &arguments[..]) {
        (of, [argument]) => (of, Some(argument)),
        (Some(of), []) => (Some(of), None),
        _ => return Err(Failure::Unsupported),
    };
    Ok(match (of, name, argument) {
        (None, "quantity", Some(Value::Text(text))) => {
            Value::Quantity(text.parse().map_err(|_| Failure::Error)?)
        }
        (None, "semver", Some(Value::Text(text))) => {
            Value::Version(Version::parse(text).ok_or(Failure::Error)?)
        }
        (None, "size", Some(of)) => size(of)?,
        (Some(of), "size", None) => size(&of)?,
        (Some(Value::Text(text)), "lowerAscii", None) => Value::Text(text.to_ascii_lowercase()),
        (Some(Value::Text(text)), "upperAscii", None) => Value::Text(text.to_ascii_uppercase()),
        (Some(Value::Text(text)), _, Some(Value::Text(part))) => Value::Bool(match name {
            "startsWith" => text.starts_with(part.as_str()),
            "endsWith" => text.ends_with(part.as_str()),
            "contains" => text.contains(part.as_str()),
            "matches" => Regex::new(part).map_err(|_| Failure::Unsupported)?.is_match(&text),
            _ => return Err(Failure::Unsupported),
        }),
        (Some(Value::Quantity(a)), _, Some(Value::Quantity(b))) => ordering(name, a.cmp(b))?,
        (Some(Value::Version(a)), _, Some(Value::Version(b))) => ordering(name, a.cmp(b))?,
        (Some(Value::Quantity(_) | Value::Version(_)), "compareTo", Some(_)) => {
            return Err(Failure::Error);
        }
        _ => return Err(Failure::Unsupported),
    })
}

fn size<'d>(of: &Value<'_>) -> Result<Value<'d>, Failure> {
    let size = match of {
        Value::Text(text) => text.chars().count(),
        Value::List(items) => items.len(),
        _ => return Err(Failure::Unsupported),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

fn ordering<'d>(name: &str, order: Ordering) -> Result<Value<'d>, Failure> {
    Ok(match name {
        "compareTo" => Value::Int(order as i64),
        "isLessThan" => Value::Bool(order.is_lt()),
        "isGreaterThan" => Value::Bool(order.is_gt()),
        _ => return Err(Failure::Unsupported),
    })
}

/// A semantic version. Build metadata does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    numbers: [u64; 3],
    /// Identifiers of a pre-release; none for a release.
    prerelease: Vec<Identifier>,
}

/// Numbers come before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Text(String),
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let (text, _) = text.split_once('+').unwrap_or((text, ""));
        let (numbers, prerelease) = match text.split_once('-') {
            Some((numbers, prerelease)) => (numbers, Some(prerelease)),
            None => (text, None),
        };
        let mut parts = numbers.split('.').map(|part| part.parse().ok());
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        let identifier = |text: &str| match text.parse() {
            Ok(number) => Identifier::Number(number),
            Err(_) => Identifier::Text(text.to_owned()),
        };
        let prerelease = prerelease.map(|text| text.split('.').map(identifier).collect());
        parts
            .next()
            .is_none()
            .then_some(Self { numbers, prerelease: prerelease.unwrap_or_default() })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            // A release comes after its pre-releases.
            let is_release = (self.prerelease.is_empty(), other.prerelease.is_empty());
            is_release.0.cmp(&is_release.1).then_with(|| self.prerelease.cmp(&other.prerelease))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn device() -> Device {
        serde_json::from_value(json!({
            "name": "gpu-0",
            "attributes": {
                "type": { "string": "gpu" },
                "productName": { "string": "NVIDIA A100-SXM4-40GB" },
                "index": { "int": 3 },
                "driverVersion": { "version": "550.54.15" },
                "dra.net/rdma": { "bool": true }
            },
            "capacity": { "memory": { "value": "40Gi" } }
        }))
        .unwrap()
    }

    fn selects(expression: &str) -> Option<bool> {
        let device = device();
        DeviceSelector::parse(expression)
            .selects(DeviceOfDriver { driver: "gpu.nvidia.com", device: &device })
    }

    #[test]
    fn selectors_select_as_the_scheduler_does() {
        for expression in [
            "true",
            "device.driver == 'gpu.nvidia.com'",
            r#"device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].type == "gpu""#,
            "device.attributes['gpu.nvidia.com'].type in ['gpu', 'mig']",
            r#"device.attributes["gpu.nvidia.com"].productName.lowerAscii().matches("^.*a100.*$")"#,
            "device.attributes['gpu.nvidia.com'].productName.startsWith('NVIDIA')",
            r#"device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("40Gi")) >= 0"#,
            "device.capacity['gpu.nvidia.com'].memory == quantity('40960Mi')",
            "device.capacity['gpu.nvidia.com'].memory.isGreaterThan(quantity('39Gi'))",
            "device.attributes['gpu.nvidia.com'].driverVersion.isGreaterThan(semver('550.0.0-rc.1'))",
            "device.attributes['dra.net'].rdma",
            "'dra.net' in device.attributes && !('other' in device.attributes)",
            "'type' in device.attributes['gpu.nvidia.com']",
            "has(device.attributes['gpu.nvidia.com'].index) && !has(device.attributes['x'].index)",
            "!device.allowMultipleAllocations",
            "device.attributes['gpu.nvidia.com'].index > -1 ? true : false",
            "cel.bind(gpu, device.attributes['gpu.nvidia.com'], gpu.index == 3 && gpu.type == 'gpu')",
            "device.attributes['x'].y == 1 || true",
            "size(device.attributes['gpu.nvidia.com'].type) == 3",
            r"device.attributes['gpu.nvidia.com'].productName.matches(r'A100-SXM\d')",
            // In RE2, \w and \d are ASCII.
            r"!'é'.matches(r'\w') && !'٣'.matches(r'\d') && 'é'.matches('^.$')",
        ] {
            assert_eq!(selects(expression), Some(true), "{expression}");
            assert_eq!(selects(&format!("!({expression})")), Some(false), "!({expression})");
        }
    }

    #[test]
    fn what_fails_selects_nothing_and_what_is_not_supported_is_unknown() {
        for failing in [
            "device.attributes['gpu.nvidia.com'].missing == 'x'",
            "device.attributes['other.domain'].type == 'gpu'",
            "device.attributes['gpu.nvidia.com'].type > 4",
            "device.driver",
            "false && device.attributes['gpu.nvidia.com'].x.y.z()",
        ] {
            assert_eq!(selects(failing), Some(false), "{failing}");
        }
        for unknown in [
            "",
            "device.driver ==",
            "device.attributes.exists(d, d == 'x')",
            "device.future == 1",
            "device.attributes['gpu.nvidia.com'].index + 1 == 4",
            "[1, 2].map(x, x)[0] == 1",
            "'''x''' == 'x'",
            r"'x'.matches(r'\p{L}')",
            "'x'.matches('(((a{1000}){1000}){1000}){1000}')",
        ] {
            assert_eq!(selects(unknown), None, "{unknown}");
        }
        assert_eq!(selects("device.driver == 'x' && device.future"), Some(false));
        assert_eq!(selects(&"(".repeat(100_000)), None);
        assert_eq!(selects(&"!".repeat(100_000)), None);
        assert_eq!(selects(&["true"; 100_000].join("||")), None);
    }

    #[test]
    fn versions_are_ordered_as_semver_orders_them() {
        let versions = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-rc.2",
            "1.0.0-rc.11",
            "1.0.0",
            "1.2.0",
            "1.10.0",
        ];
        let versions: Vec<_> = versions.map(|text| Version::parse(text).unwrap()).into();
        assert!(versions.is_sorted());
        assert_eq!(Version::parse("1.0"), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-a-e.\"'\\[\\]()&|!=<>?: 0-9]{0,60}|device\\.[a-z.\\[\\]'()]{0,40}") {
            selects(&text);
        }
    }
}
