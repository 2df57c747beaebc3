"""What holds across nodes while nothing is wrong: what one node knows, counts or spends, the other does too."""

import hashlib
import json
import re
import shutil
import threading
import time

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito import AWSSRP

import once
from nodes import REPOSITORY
from people import PASSWORD, Refused, ask
from processes import until

# "Seen by the others within a second."
SOON = 1.0


def refused(code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except Refused as cause:
        assert re.search(code, str(cause)), f"{cause}, not {code}: {cause.message}"
        return cause
    raise AssertionError(f"{getattr(call, '__name__', call)} was not refused with {code}")


def within(seconds, question, complaint):
    """How long it took until the answer was truthy."""
    start = time.monotonic()
    while not question():
        assert time.monotonic() - start < seconds, f"{complaint} within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - start


def sign_in_steps_go_on_at_any_node(fleet):
    world = fleet.world
    one, other = world.everywhere()
    email = world.person("steps", permanent=False)
    session = world.initiate(email, base=one)["Session"]
    tokens = world.new_password(email, session, base=other)["AuthenticationResult"]
    assert world.get_user(tokens["AccessToken"], one)["email"] == email
    world.mailbox.code(email, 1, 0)
    newcomer = world.new_email("steps")
    world.sign_up(newcomer, one)
    world.confirm(newcomer, world.mailbox.code(newcomer), other)
    world.sign_in(newcomer, base=one)


def srp_begins_at_one_node_and_ends_at_the_other(fleet):
    world = fleet.world
    email = world.person("srp")
    # Through HAProxy the two steps go to two nodes: it takes turns.
    for _ in range(4):
        srp = AWSSRP(username=email, password=PASSWORD, pool_id=world.pool, client_id=world.client, client=world.guest())
        assert "IdToken" in srp.authenticate_user()["AuthenticationResult"]


def hosted_sessions_go_on_at_any_node(fleet):
    world = fleet.world
    one, other = world.everywhere()
    email = world.person("hosted")
    browser = world.browser()
    first = browser.log_in(email, page_from=one, send_to=other)
    assert browser.tokens(first, one)["token_type"] == "Bearer"
    second = browser.authorize(one) or browser.authorize(other)
    assert second, "signed in at the other node, asked to sign in again at this one"
    assert browser.tokens(second, other)["token_type"] == "Bearer"


def one_time_things_are_taken_once_by_both_nodes_together(fleet):
    things = once.prepare(fleet.world, each=4)
    outcome = once.raced(things, fleet.bases())
    wrong = [f"{thing.kind}: {count}" for thing, count in outcome if count != 1]
    assert not wrong, wrong
    return f"{len(outcome)} raced"


def a_totp_step_is_taken_once_by_both_nodes_together(fleet):
    for _ in range(2):
        # Not over the edge of a step.
        time.sleep(max(0, 30 - time.time() % 30 + 0.1) if time.time() % 30 > 25 else 0)
    [(_, count)] = once.raced([once.totp_step(fleet.world)], fleet.bases())
    assert count == 1, count


def wrong_passwords_are_counted_across_nodes(fleet):
    world = fleet.world
    email = world.person("locked")
    bases = world.everywhere()
    for number in range(6):
        refused("NotAuthorized", world.initiate, email, f"Wr0ng{number}", base=bases[number % 2])
    for base in bases:
        cause = refused("NotAuthorized", world.initiate, email, base=base)
        assert "attempts exceeded" in cause.message, cause.message


def wrong_codes_are_counted_across_nodes(fleet):
    world = fleet.world
    email = world.new_email("guess")
    world.sign_up(email)
    code = world.mailbox.code(email)
    wrong = "123456" if code != "123456" else "654321"
    bases = world.everywhere()
    told = []
    for number in range(14):
        try:
            world.confirm(email, wrong, bases[number % 2])
        except Refused as cause:
            told.append(str(cause))
    mismatches = told.count("CodeMismatchException")
    assert mismatches < 14, "fourteen guesses were all allowed"
    try:
        world.confirm(email, code, bases[0])
        late = "the right code still worked"
    except Refused as cause:
        late = f"then {cause}"
    return f"{mismatches} guesses, {late}"


def a_change_of_configuration_is_seen_within_a_second(fleet):
    world = fleet.world
    one, other = world.everywhere()
    # A first call makes a client, which takes longer than what is measured.
    for base in (one, other):
        world.admin(base).list_user_pools(MaxResults=1)
        world.guest(base)
    took = {}
    pool = world.admin(one).create_user_pool(PoolName="seen")["UserPool"]["Id"]

    def there():
        try:
            return world.admin(other).describe_user_pool(UserPoolId=pool)
        except world.admin(other).exceptions.ResourceNotFoundException:
            return None

    took["pool made"] = within(SOON, there, "a new pool was not seen")
    client = world.admin(one).create_user_pool_client(UserPoolId=pool, ClientName="x", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])["UserPoolClient"]["ClientId"]
    world.admin(one).admin_create_user(UserPoolId=pool, Username="u", MessageAction="SUPPRESS", TemporaryPassword="Passw0rd!")
    world.admin(one).admin_set_user_password(UserPoolId=pool, Username="u", Password="Passw0rd!", Permanent=True)

    def signs_in(base):
        try:
            return ask(world.guest(base).initiate_auth, ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "u", "PASSWORD": "Passw0rd!"})["AuthenticationResult"]
        except Refused:
            return None

    took["client made"] = within(SOON, lambda: signs_in(other), "a new client was not seen")
    # Both hold it in memory now; then one changes it.
    assert signs_in(one)
    world.admin(one).update_user_pool_client(UserPoolId=pool, ClientId=client, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    took["client changed"] = within(SOON, lambda: not signs_in(other), "a flow that was taken away still worked")
    world.admin(other).update_user_pool_client(UserPoolId=pool, ClientId=client, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    took["and back"] = within(SOON, lambda: signs_in(one), "a flow that was allowed did not work")
    world.admin(one).delete_user_pool_client(UserPoolId=pool, ClientId=client)
    took["client deleted"] = within(SOON, lambda: not signs_in(other), "a deleted client still worked")
    world.admin(one).delete_user_pool(UserPoolId=pool)
    took["pool deleted"] = within(SOON, lambda: not there(), "a deleted pool was still there")
    return ", ".join(f"{what} {1000 * seconds:.0f} ms" for what, seconds in took.items())


def what_is_revoked_is_refused_at_once_everywhere(fleet):
    world = fleet.world
    one, other = world.everywhere()
    email = world.person("revoked")
    tokens = world.sign_in(email, base=one)
    world.get_user(tokens["AccessToken"], other)

    def refresh(base):
        return ask(
            world.guest(base).initiate_auth, ClientId=world.client, AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]})

    refresh(other)
    ask(world.guest(one).revoke_token, ClientId=world.client, Token=tokens["RefreshToken"])
    refused("NotAuthorized", refresh, other)
    refused("NotAuthorized", world.get_user, tokens["AccessToken"], other)
    tokens = world.sign_in(email, base=one)
    world.get_user(tokens["AccessToken"], other)
    ask(world.guest(one).global_sign_out, AccessToken=tokens["AccessToken"])
    refused("NotAuthorized", world.get_user, tokens["AccessToken"], other)
    tokens = world.sign_in(email, base=one)
    world.admin(one).admin_disable_user(UserPoolId=world.pool, Username=email)
    refused("NotAuthorized", world.initiate, email, base=other)
    refused("NotAuthorized", refresh, other)
    world.admin(other).admin_enable_user(UserPoolId=world.pool, Username=email)
    world.sign_in(email, base=one)
    world.admin(one).admin_delete_user(UserPoolId=world.pool, Username=email)
    refused("NotAuthorized|UserNotFound", world.initiate, email, base=other)


def an_access_key_made_at_one_node_works_at_the_other(fleet):
    world = fleet.world
    one, other = world.everywhere()
    iam = world.caller("iam", one)
    iam.create_user(UserName="deployer")
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    sts = boto3.client("sts", endpoint_url=other, region_name="us-east-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    def known():
        try:
            return sts.get_caller_identity()["Arn"].endswith("user/deployer")
        except ClientError:
            return False

    took = within(SOON, known, "the key was not known")
    iam.delete_access_key(UserName="deployer", AccessKeyId=key["AccessKeyId"])
    gone = within(SOON, lambda: not known(), "a deleted key still worked")
    return f"known after {1000 * took:.0f} ms, gone after {1000 * gone:.0f} ms"


def a_service_deployed_at_one_node_answers_at_the_other(fleet):
    world = fleet.world
    nodes = fleet.nodes
    one, other = nodes.all
    service = fleet.folder / "service"
    shutil.copytree(REPOSITORY / "examples/secure-rest-api", service, ignore=shutil.ignore_patterns(".poolhouse", "node_modules"))
    told = deploy(nodes, one, service)
    path = {url.rsplit("/", 1)[-1]: re.sub(r"^https?://[^/]+", "", url) for url in (one_["url"] for one_ in told["endpoints"])}

    def get(node, name, token=None):
        return requests.get(node.base + path[name], headers={"Authorization": token} if token else {}, timeout=30)

    within(SOON, lambda: get(other, "hiAll").status_code != 404, "the API was not seen")
    assert get(other, "hiAll").status_code == 200, get(other, "hiAll").text
    assert get(other, "hiUsers").status_code == 401
    pool, client = told["userPools"][0]["id"], told["userPools"][0]["clients"][0]["id"]
    admin = world.admin(one.base)
    admin.admin_create_user(UserPoolId=pool, Username="d@example.com", MessageAction="SUPPRESS", UserAttributes=[{"Name": "email", "Value": "d@example.com"}])
    admin.admin_set_user_password(UserPoolId=pool, Username="d@example.com", Password=PASSWORD, Permanent=True)
    srp = AWSSRP(username="d@example.com", password=PASSWORD, pool_id=pool, client_id=client, client=world.guest(one.base))
    token = srp.authenticate_user()["AuthenticationResult"]["IdToken"]
    for node in nodes.all:
        answer = get(node, "hiUsers", token)
        assert answer.status_code == 200, f"{node.name}: {answer.status_code} {answer.text}"
    # What changes at one node changes at the other, which has the old code warm.
    handler = service / "handler.js"
    before = get(other, "hiAll").text
    handler.write_text(handler.read_text() + "\nexports.guests = async () => ({ statusCode: 200, body: 'changed' });\n")
    deploy(nodes, one, service)
    took = within(SOON, lambda: get(other, "hiAll").text == "changed", f"the old code still answered ({before!r})")
    logs = nodes.command(one, "logs", "-f", "registeredOnly", "--stage", "beta", service)
    assert logs.returncode == 0, logs.stderr
    visits = logs.stdout.count("a visit of")
    assert visits >= 2, f"logs of both nodes' calls were wanted, {visits} found:\n{logs.stdout[-500:]}"
    return f"new code after {1000 * took:.0f} ms"


def deploy(nodes, node, service):
    done = nodes.command(node, "deploy", service, "--stage", "beta", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def a_deploy_whose_node_dies_is_ended_by_the_other(fleet):
    """The node is not started again until the stack is at rest."""
    nodes = fleet.nodes
    dying, other = nodes.all
    service = fleet.folder / "cut-off"
    shutil.copytree(REPOSITORY / "examples/secure-rest-api", service, ignore=shutil.ignore_patterns(".poolhouse", "node_modules"))
    stacks = fleet.world.caller("cloudformation", other.base)

    def status():
        found = [one for one in stacks.describe_stacks()["Stacks"] if one["StackName"].endswith("-cut")]
        return found[0]["StackStatus"] if found else "none"

    deploying = threading.Thread(target=nodes.command, args=(dying, "deploy", service, "--stage", "cut"), daemon=True)
    deploying.start()
    try:
        # The bucket's own stack is at rest when the service's one begins.
        within(30, lambda: status() in ("UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"), "no deploy began")
        at = status()
        dying.kill()
        took = within(45, lambda: not status().endswith("IN_PROGRESS"), f"the stack stays {at}: no other node takes it up")
        return f"{at} became {status()} in {took:.1f} s"
    finally:
        if not dying.process.running():
            nodes.start_one(dying)
            until(dying.ready, 60, "the node does not come back")
        deploying.join(60)


def a_large_package_comes_from_the_shared_store(fleet):
    """Bytes that only one node was given."""
    world = fleet.world
    one, other = world.everywhere()
    body = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(200_000))
    def s3(base):
        return boto3.session.Session().client(
            "s3", endpoint_url=base, region_name="us-east-1", aws_access_key_id=fleet.nodes.key[0], aws_secret_access_key=fleet.nodes.key[1],
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1, "mode": "standard"}))

    s3(one).create_bucket(Bucket="fleet-things")
    s3(one).put_object(Bucket="fleet-things", Key="large", Body=body)
    assert s3(other).get_object(Bucket="fleet-things", Key="large")["Body"].read() == body
    return f"{len(body) >> 10} KiB"


def without_its_database_a_node_is_not_ready_and_says_so(fleet):
    """All three PostgreSQL gone, then back: nothing is restarted but they."""
    world = fleet.world
    email = world.person("patient")
    tokens = world.sign_in(email)
    for member in fleet.postgres.members:
        member.kill_machine()
    start = time.monotonic()
    try:
        for node in fleet.nodes.all:
            within(12, lambda one=node: one.get("/health/ready")[0] == 503, f"{node.name} was still ready")
            assert node.get("/health/live")[0] == 200, f"{node.name} is not live"
        noticed = time.monotonic() - start
        for node in fleet.nodes.all:
            for target, body in [("InitiateAuth", {"ClientId": world.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": email, "PASSWORD": PASSWORD}}), ("GetUser", {"AccessToken": tokens["AccessToken"]})]:
                asked = time.monotonic()
                answer = requests.post(node.base, json=body, headers={
                    "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AWSCognitoIdentityProviderService.{target}"}, timeout=30)
                took = time.monotonic() - asked
                assert answer.status_code == 503, f"{target}: {answer.status_code} {answer.text}"
                assert answer.headers.get("Retry-After"), f"{target}: no Retry-After: {dict(answer.headers)}"
                assert took < 12, f"{target} took {took:.1f} s to say so"
    finally:
        for member in fleet.postgres.members:
            fleet.postgres.start_one(member)
    back = time.monotonic()
    within(60, lambda: fleet.postgres.leader(), "no leader came back")
    led = time.monotonic()
    for node in fleet.nodes.all:
        within(30, node.ready, f"{node.name} did not become ready again")
    world.sign_in(email)
    within(60, fleet.whole, "the fleet did not become whole again")
    return f"noticed after {noticed:.1f} s; database back after {led - back:.1f} s, nodes {time.monotonic() - led:.1f} s later"


def an_apis_rate_limit_holds_for_all_nodes_together(fleet):
    """A limit of 1 request a second and a burst of 4, asked 24 times at two nodes."""
    template = {"Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "limited"}},
        "Get": {"Type": "AWS::ApiGateway::Method", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET", "AuthorizationType": "NONE",
            "Integration": {"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 200}'}, "IntegrationResponses": [{"StatusCode": "200"}]},
            "MethodResponses": [{"StatusCode": "200"}]}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": "Get", "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "beta",
            "MethodSettings": [{"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 4}]}},
    }, "Outputs": {"Id": {"Value": {"Ref": "Api"}}}}
    stacks = fleet.world.caller("cloudformation", fleet.world.everywhere()[0])
    stacks.create_stack(StackName="limited", TemplateBody=json.dumps(template))

    def made():
        stack = stacks.describe_stacks(StackName="limited")["Stacks"][0]
        assert "ROLLBACK" not in stack["StackStatus"] and "FAILED" not in stack["StackStatus"], stack
        return stack if stack["StackStatus"] == "CREATE_COMPLETE" else None

    within(30, made, "the stack was not made")
    api = made()["Outputs"][0]["OutputValue"]
    time.sleep(SOON)
    statuses = []
    start = time.monotonic()
    for number in range(24):
        statuses.append(requests.get(f"{fleet.nodes.all[number % 2].base}/apis/{api}/beta/", timeout=20).status_code)
    passed = statuses.count(200)
    allowed = 4 + int(time.monotonic() - start) + 1
    assert set(statuses) <= {200, 429}, statuses
    assert 0 < passed <= allowed, f"{passed} of 24 passed, {allowed} were allowed"
    return f"{passed} of 24 passed, {allowed} were allowed"


ALL = [
    sign_in_steps_go_on_at_any_node,
    srp_begins_at_one_node_and_ends_at_the_other,
    hosted_sessions_go_on_at_any_node,
    one_time_things_are_taken_once_by_both_nodes_together,
    a_totp_step_is_taken_once_by_both_nodes_together,
    wrong_passwords_are_counted_across_nodes,
    wrong_codes_are_counted_across_nodes,
    a_change_of_configuration_is_seen_within_a_second,
    what_is_revoked_is_refused_at_once_everywhere,
    an_access_key_made_at_one_node_works_at_the_other,
    a_large_package_comes_from_the_shared_store,
    a_service_deployed_at_one_node_answers_at_the_other,
    an_apis_rate_limit_holds_for_all_nodes_together,
    a_deploy_whose_node_dies_is_ended_by_the_other,
    without_its_database_a_node_is_not_ready_and_says_so,
]
