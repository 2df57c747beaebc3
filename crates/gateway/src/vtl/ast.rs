//! A template as a tree.

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Text(String),
    /// `$a.b`, `$!{a.b}`: its value, or what was written where it has none.
    Output {
        reference: Reference,
        written: String,
        quiet: bool,
    },
    Set {
        target: Reference,
        value: Expression,
    },
    If {
        branches: Vec<(Expression, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    Foreach {
        variable: String,
        over: Expression,
        body: Vec<Node>,
    },
    Break,
    Stop,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pub variable: String,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`
    Property(String),
    /// `[0]`, `['name']`
    Index(Expression),
    /// `.name(…)`
    Method(String, Vec<Expression>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// A string in double quotes with references in it.
    Interpolated(Vec<Node>),
    Reference(Reference),
    List(Vec<Expression>),
    Range(Box<Expression>, Box<Expression>),
    Map(Vec<(Expression, Expression)>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
