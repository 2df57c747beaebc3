//! From a canonical path and a method to a resource: a tree by segment. A static segment beats a parameter, a
//! parameter beats a greedy one, and the search goes back where a branch leads to no resource with methods
//! (Amazon API Gateway Developer Guide, "Set up a proxy resource"). A resource that has methods, but not this one, is
//! an end: the request does not slip on to a greedy neighbour with another authorizer.

use std::collections::HashMap;

use http::Method;

use crate::path::CanonicalPath;

#[derive(Debug)]
pub struct Router<T> {
    nodes: Vec<Node<T>>,
}

#[derive(Debug)]
struct Node<T> {
    statics: HashMap<Box<str>, usize>,
    parameter: Option<(Box<str>, usize)>,
    greedy: Option<(Box<str>, usize)>,
    methods: Vec<(Method, T)>,
    any: Option<T>,
}

/// A match: what serves, and the path's parameters, borrowed from it.
#[derive(Debug, PartialEq, Eq)]
pub struct Route<'r, 'p, T> {
    pub target: &'r T,
    pub parameters: Vec<(&'r str, &'p str)>,
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { statics: HashMap::new(), parameter: None, greedy: None, methods: Vec::new(), any: None }
    }
}

impl<T> Router<T> {
    /// `path` is a resource's (`/users/{id}`); `method` is `None` for `ANY`.
    pub fn insert(&mut self, path: &str, method: Option<Method>, target: T) {
        let mut at = 0;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = self.child(at, part);
        }
        match method {
            Some(method) => self.nodes[at].methods.push((method, target)),
            None => self.nodes[at].any = Some(target),
        }
    }

    fn child(&mut self, at: usize, part: &str) -> usize {
        let fresh = self.nodes.len();
        let node = &mut self.nodes[at];
        let (found, name) = match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => (*node.statics.entry(Box::from(part)).or_insert(fresh), None),
            Some(name) => match name.strip_suffix('+') {
                Some(name) => (node.greedy.as_ref().map_or(fresh, |(_, child)| *child), Some((true, name))),
                None => (node.parameter.as_ref().map_or(fresh, |(_, child)| *child), Some((false, name))),
            },
        };
        if found == fresh {
            match name {
                Some((true, name)) => node.greedy = Some((Box::from(name), fresh)),
                Some((false, name)) => node.parameter = Some((Box::from(name), fresh)),
                None => {}
            }
            self.nodes.push(Node::default());
        }
        found
    }

    pub fn find<'r, 'p>(&'r self, path: &'p CanonicalPath, method: &Method) -> Option<Route<'r, 'p, T>> {
        let mut parameters = Vec::new();
        let node = self.descend(0, 0, path, &mut parameters)?;
        let own = node.methods.iter().find(|(own, _)| own == method).map(|(_, target)| target);
        let any = || node.any.as_ref().filter(|_| is_any(method));
        own.or_else(any).map(|target| Route { target, parameters })
    }

    /// The resource a path means. Depth is bounded by the tree's, and each level is tried at most three ways over
    /// resources that were deployed, never over what the caller sent.
    fn descend<'r, 'p>(
        &'r self,
        at: usize,
        depth: usize,
        path: &'p CanonicalPath,
        parameters: &mut Vec<(&'r str, &'p str)>,
    ) -> Option<&'r Node<T>> {
        let node = self.nodes.get(at)?;
        if depth == path.segment_count() {
            return node.serves().then_some(node);
        }
        let segment = path.segment(depth);
        if let Some(child) = node.statics.get(segment)
            && let Some(found) = self.descend(*child, depth + 1, path, parameters)
        {
            return Some(found);
        }
        if let Some((name, child)) = &node.parameter {
            parameters.push((name, segment));
            if let Some(found) = self.descend(*child, depth + 1, path, parameters) {
                return Some(found);
            }
            parameters.pop();
        }
        if let Some((name, child)) = &node.greedy
            && let Some(found) = self.nodes.get(*child).filter(|found| found.serves())
        {
            parameters.push((name, path.rest(depth)));
            return Some(found);
        }
        None
    }
}

/// What `ANY` means on AWS; it does not mean `TRACE`, `CONNECT` or whatever else a client may think of.
fn is_any(method: &Method) -> bool {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    known.contains(method)
}

impl<T> Node<T> {
    fn serves(&self) -> bool {
        self.any.is_some() || !self.methods.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router() -> Router<&'static str> {
        let mut router = Router::default();
        router.insert("/", Some(Method::GET), "root");
        router.insert("/users", Some(Method::GET), "users");
        router.insert("/users/{id}", Some(Method::GET), "user");
        router.insert("/users/me", Some(Method::GET), "me");
        router.insert("/users/{id}/posts", None, "posts");
        router.insert("/users/me/only/deep", Some(Method::GET), "deep");
        router.insert("/files/{path+}", None, "files");
        router.insert("/{proxy+}", None, "proxy");
        router
    }

    fn find(path: &str, method: Method) -> Option<(String, Vec<(String, String)>)> {
        let path = CanonicalPath::parse(path).unwrap();
        let router = router();
        let route = router.find(&path, &method)?;
        let parameters =
            route.parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Some(((*route.target).to_owned(), parameters))
    }

    fn target(path: &str) -> Option<String> {
        find(path, Method::GET).map(|found| found.0)
    }

    #[test]
    fn the_most_specific_wins() {
        assert_eq!(target("/").as_deref(), Some("root"));
        assert_eq!(target("/users").as_deref(), Some("users"));
        assert_eq!(target("/users/").as_deref(), Some("users"));
        assert_eq!(target("/users/me").as_deref(), Some("me"));
        assert_eq!(target("/users/7").as_deref(), Some("user"));
        assert_eq!(target("/Users").as_deref(), Some("proxy"));
    }

    #[test]
    fn the_search_goes_back_where_a_branch_ends() {
        assert_eq!(target("/users/me/posts").as_deref(), Some("posts"));
        assert_eq!(target("/users/me/only").as_deref(), Some("proxy"));
        assert_eq!(target("/files").as_deref(), Some("proxy"));
    }

    #[test]
    fn parameters_are_named() {
        let (_, parameters) = find("/users/7/posts", Method::PATCH).unwrap();
        assert_eq!(parameters, [("id".to_owned(), "7".to_owned())]);
        let (_, parameters) = find("/files/a/b%2Fc/", Method::GET).unwrap();
        assert_eq!(parameters, [("path".to_owned(), "a/b%2Fc".to_owned())]);
    }

    #[test]
    fn a_resource_without_the_method_is_an_end() {
        assert_eq!(find("/users/7", Method::DELETE), None);
        assert!(find("/other", Method::DELETE).is_some());
        assert_eq!(find("/other", Method::TRACE), None);
    }
}
