//! Paths that try to reach a guarded function without a token.

use bytes::Bytes;
use proptest::{prelude::*, test_runner::TestRunner};

use crate::house::{Api, House, POOL, guarded, proxy};

/// `/hiUsers` and all under `/admin` are guarded; everything else goes to an open function.
async fn with_api(house: &House) -> Api<'_> {
    let api = house.api().await;
    let authorizer = api.pool_authorizer(&[POOL]).await;
    api.put("/hiUsers", guarded("GET", "guarded", &authorizer)).await;
    api.put("/hiUsers/{id}", guarded("ANY", "guarded", &authorizer)).await;
    api.put("/admin/{proxy+}", guarded("ANY", "guarded", &authorizer)).await;
    api.put("/hiAll", proxy("GET", "open")).await;
    api.put("/{proxy+}", proxy("ANY", "open")).await;
    api.deploy().await;
    api
}

async fn status_of(api: &Api<'_>, raw_path: &str) -> u16 {
    let (head, body) = http::Request::get("/").body(Bytes::new()).unwrap().into_parts();
    api.send_raw(head, body, raw_path.to_owned()).await.status().as_u16()
}

#[tokio::test]
async fn spellings_of_a_guarded_path_meet_its_guard() {
    let house = House::open();
    let api = with_api(&house).await;
    for raw in [
        "/hiUsers",
        "//hiUsers",
        "/hiUsers/",
        "/hiUsers//",
        "///hiUsers///",
        "/hi%55sers",
        "/%68%69Users",
        "/hiUsers/a%2f..%2f..",
        "/admin/x",
        "/admin//x",
        "/%61dmin/x",
        "/admin/%2e%2e%2fhiAll",
    ] {
        assert_eq!(status_of(&api, raw).await, 401, "{raw}");
    }
    for raw in [
        "/hiAll/../hiUsers",
        "/hiAll/%2e%2e/hiUsers",
        "/./hiUsers",
        "/hiUsers/..;/hiUsers",
        "/hiUsers%00",
        "/hiUsers\0",
        "/hiUsers%c0%af",
        "/%c0%ae%c0%ae/hiUsers",
        "/hiUsers%",
        "/hiUsers%zz",
        "/hi\\Users",
        "/hiAll/..%5chiUsers",
        "/%ff",
    ] {
        assert_eq!(status_of(&api, raw).await, 400, "{raw}");
    }
    // Other names are other resources, as on AWS: the open function gets them under the name they have.
    for raw in [
        "/hiusers",
        "/HIUSERS",
        "/hiUsers;x=1",
        "/hiUsers%3bx",
        "/hiUsers%2f",
        "/hiUsers%20",
        "/admin",
        "/admin%2fx",
    ] {
        assert_eq!(status_of(&api, raw).await, 200, "{raw}");
    }
    assert_eq!(house.functions.calls_of("guarded"), 0);
}

#[tokio::test]
async fn the_open_function_never_sees_a_guarded_path() {
    let house = House::open();
    let api = with_api(&house).await;
    for raw in ["/hiAll", "//other", "/a%2fb", "/%61", "/x/", "/hiUsers;x", "/%252e%252e/hiUsers"] {
        assert_eq!(status_of(&api, raw).await, 200, "{raw}");
    }
    for call in house.functions.calls.lock().unwrap().iter() {
        let event: serde_json::Value = serde_json::from_slice(&call.payload).unwrap();
        let path = event["path"].as_str().unwrap();
        assert!(path.starts_with('/') && !path.contains("//") && !path.contains("/../"), "{path}");
        assert_ne!(path.trim_matches('/'), "hiUsers");
    }
}

/// Whatever the path: without a token the guarded function is not reached, and the path that the open function is told
/// is not one that is guarded.
#[test]
fn no_path_gets_past_the_guard() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let house = House::open();
    let api = runtime.block_on(with_api(&house));
    let paths = prop_oneof![
        any::<String>(),
        "(/|//|%2f|%2F|;|\\.|%2e|%2E|%252e|\\\\|%5c|%00|hiUsers|hiusers|%68iUsers|hi%55sers|admin|%61dmin|hiAll|x|\\?|#){1,10}",
    ];
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&paths, |raw| {
        for raw in [raw.clone(), format!("/{raw}")] {
            let status = runtime.block_on(status_of(&api, &raw));
            prop_assert!(matches!(status, 200 | 400 | 401 | 403), "{}: {}", raw, status);
        }
        prop_assert_eq!(house.functions.calls_of("guarded"), 0);
        for call in house.functions.calls.lock().unwrap().drain(..) {
            let event: serde_json::Value = serde_json::from_slice(&call.payload).unwrap();
            let segments: Vec<&str> = event["path"].as_str().unwrap().trim_matches('/').split('/').collect();
            let guarded = matches!(segments.as_slice(), ["hiUsers"] | ["hiUsers", _] | ["admin", _, ..]);
            prop_assert!(!guarded, "{} was told {:?}", raw, segments);
        }
        Ok(())
    });
    outcome.unwrap();
}
