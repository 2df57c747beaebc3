//! The fence, tried from the inside: a function that goes for the server's data, keys, memory and processes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::House;

/// Runs `body` (an expression that may await) in a function and gives what it comes to, or its error's code.
async fn tried(house: &House, name: &str, body: &str) -> Value {
    let source = format!(
        "const fs = require('fs'), os = require('os'), path = require('path'), {{ execFileSync, spawnSync }} = require('child_process');
         exports.handler = async (event) => {{ try {{ return {body} }} catch (error) {{ return {{ error: error.code || error.message }} }} }}"
    );
    house.deploy_with(name, &[("index.js", &source)], json!({ "Timeout": 20, "MemorySize": 512 })).await;
    house.answer(name, json!({ "server": std::process::id(), "data": house.data.path() })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_files_are_out_of_reach() {
    let house = House::open();
    let secret = house.data.path().join("credentials");
    std::fs::write(&secret, "aws_secret_access_key = root").unwrap();
    std::fs::write(house.data.path().join("master.key"), "key").unwrap();
    let refused = json!({ "error": "EACCES" });
    for (name, body) in [
        ("read", "fs.readFileSync(event.data + '/credentials', 'utf8')"),
        ("key", "fs.readFileSync(event.data + '/master.key', 'utf8')"),
        ("list", "fs.readdirSync(event.data)"),
        ("packages", "fs.readdirSync(event.data + '/packages')"),
        ("others", "fs.readdirSync(event.data + '/scratch')"),
        ("up", "fs.readFileSync(process.env.LAMBDA_TASK_ROOT + '/../../credentials', 'utf8')"),
        (
            "link",
            "(fs.symlinkSync(event.data + '/credentials', os.tmpdir() + '/x'), fs.readFileSync(os.tmpdir() + '/x', 'utf8'))",
        ),
        (
            "hard",
            "(fs.linkSync(event.data + '/credentials', os.tmpdir() + '/y'), fs.readFileSync(os.tmpdir() + '/y', 'utf8'))",
        ),
        ("shadow", "fs.readFileSync('/etc/shadow', 'utf8')"),
        ("home", "fs.readdirSync('/root')"),
        ("memory", "fs.readFileSync(`/proc/${event.server}/environ`, 'utf8')"),
        ("words", "fs.readFileSync(`/proc/${event.server}/cmdline`, 'utf8')"),
        ("files", "fs.readdirSync(`/proc/${event.server}/fd`)"),
        ("root", "fs.readFileSync(`/proc/${event.server}/root${event.data}/credentials`, 'utf8')"),
        ("write", "fs.writeFileSync(event.data + '/planted', 'x')"),
        ("package", "fs.writeFileSync(process.env.LAMBDA_TASK_ROOT + '/index.js', 'x')"),
        ("new", "fs.writeFileSync(process.env.LAMBDA_TASK_ROOT + '/more.js', 'x')"),
        ("usr", "fs.writeFileSync('/usr/lib/planted', 'x')"),
        ("var", "fs.writeFileSync('/var/tmp/planted', 'x')"),
        ("dev", "fs.readdirSync('/dev/shm')"),
    ] {
        let outcome = tried(&house, name, body).await;
        let stopped =
            outcome == refused || matches!(outcome["error"].as_str(), Some("EXDEV" | "EPERM" | "ENOENT"));
        assert!(stopped, "{name}: {outcome}");
    }
    assert!(!house.data.path().join("planted").exists());
    // A child of the function is behind the same fence.
    let child =
        tried(&house, "child", "spawnSync('cat', [event.data + '/credentials']).stdout.toString()").await;
    assert_eq!(child, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_files_are_its_own() {
    let house = House::open();
    let outcome = tried(
        &house,
        "mine",
        "(fs.writeFileSync(os.tmpdir() + '/a', 'kept'), [fs.readFileSync(os.tmpdir() + '/a', 'utf8'), \
          fs.readFileSync('index.js', 'utf8').length > 0, fs.readFileSync('/etc/hosts', 'utf8').length > 0, \
          fs.readFileSync('/proc/self/status', 'utf8').match(/NoNewPrivs:\\s*(\\d)/)[1], \
          fs.readFileSync('/proc/self/status', 'utf8').match(/CapEff:\\s*(\\w+)/)[1], \
          fs.readFileSync('/proc/self/limits', 'utf8').match(/Max open files\\s+(\\d+)/)[1], \
          fs.readFileSync('/proc/self/limits', 'utf8').match(/Max core file size\\s+(\\d+)/)[1]])",
    )
    .await;
    assert_eq!(outcome, json!(["kept", true, true, "1", "0000000000000000", "1024", "0"]));
    // And gone with the worker.
    let folder = house.data.path().join("scratch");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    house.functions.close().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_and_other_functions_cannot_be_signalled_or_traced() {
    let house = House::open();
    let refused = json!({ "error": "EPERM" });
    assert_eq!(tried(&house, "signal", "process.kill(event.server, 0)").await, refused);
    assert_eq!(tried(&house, "parent", "process.kill(process.ppid, 'SIGTERM')").await, refused);
    let other = tried(&house, "other", "process.pid").await;
    house
        .deploy("murder", "exports.handler = async (e) => { try { return process.kill(e.pid, 'SIGKILL') } catch (error) { return error.code } }")
        .await;
    assert_eq!(house.answer("murder", json!({ "pid": other })).await, "EPERM");
    assert_eq!(house.answer("other", json!({})).await, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_only_an_escape_needs_are_refused() {
    let house = House::open();
    for (name, program) in [
        ("unshare", "unshare --user --map-root-user true"),
        ("namespaces", "unshare --mount true"),
        ("mounting", "mount -t tmpfs none /tmp"),
        ("chroots", "chroot / true"),
    ] {
        let body = format!("spawnSync('sh', ['-c', '{program}']).status");
        let status = tried(&house, name, &body).await;
        assert_ne!(status, 0, "{program}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_is_lambdas_and_nothing_of_the_servers() {
    let house = House::open();
    house
        .deploy_with(
            "env",
            &[("index.js", "exports.handler = async () => process.env")],
            json!({ "Environment": { "Variables": { "STAGE": "beta", "TZ": "Europe/Madrid" } }, "Timeout": 3 }),
        )
        .await;
    let answer = house.answer("env", json!({})).await;
    let environment = answer.as_object().unwrap();
    let allowed = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_XRAY_CONTEXT_MISSING",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "LD_LIBRARY_PATH",
        "NODE_PATH",
        "PATH",
        "STAGE",
        "TMPDIR",
        "TZ",
        "_HANDLER",
    ];
    let names: Vec<&str> = environment.keys().map(String::as_str).collect();
    for name in &names {
        assert!(allowed.contains(name), "{name} leaked");
    }
    for name in allowed {
        assert!(names.contains(&name), "{name} is missing");
    }
    assert_eq!(environment["STAGE"], "beta");
    assert_eq!(environment["TZ"], "Europe/Madrid");
    assert_eq!(environment["AWS_ENDPOINT_URL"], "http://127.0.0.1:4747");
    assert_eq!(environment["AWS_SECRET_ACCESS_KEY"], "role-secret");
    assert_eq!(environment["_HANDLER"], "index.handler");
    assert_eq!(environment["AWS_EXECUTION_ENV"], "AWS_Lambda_nodejs20.x");
    // What is kept of the variables is sealed.
    let kept = house.store.engine().get_many(vec![store::RowId {
        collection: "lambda_function",
        partition: String::from("env"),
        key: String::from("$LATEST"),
    }]);
    let body = kept.await.unwrap().pop().flatten().unwrap().body;
    assert!(!body.contains("beta"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_descriptor_of_the_servers_is_inherited() {
    let house = House::open();
    // One that was opened without close-on-exec, as a careless library would.
    let file = std::fs::File::open("/dev/null").unwrap();
    let outcome = tried(
        &house,
        "descriptors",
        "fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })",
    )
    .await;
    drop(file);
    for target in outcome.as_array().unwrap() {
        let target = target.as_str().unwrap();
        let own = ["pipe:", "socket:", "anon_inode:", "/dev/null", "/proc/", ""]
            .iter()
            .any(|kind| target.starts_with(kind));
        assert!(own && !target.contains("poolhouse.db"), "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_functions_could_read_is_refused() {
    let inside = "/usr/lib/poolhouse-test-data";
    let refused = std::panic::catch_unwind(|| {
        House::with(|config| config.data_dir = inside.into());
    });
    let _ = std::fs::remove_dir_all(inside);
    assert!(refused.is_err());
}
