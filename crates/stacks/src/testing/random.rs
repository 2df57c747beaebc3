//! Random stacks, random changes, random failures, random deaths: what AWS promises holds.

use proptest::prelude::*;
use serde_json::json;

use super::{House, house::Death, summary};

#[derive(Clone, Debug)]
struct Piece {
    there: bool,
    size: u8,
    fixed: u8,
    needs: Vec<usize>,
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = (any::<bool>(), 0u8..3, 0u8..2, proptest::collection::vec(0usize..6, 0..3));
    proptest::collection::vec(piece, 6).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(at, (there, size, fixed, needs))| Piece {
                there: there || at == 0,
                size,
                fixed,
                needs: needs.into_iter().filter(|need| *need < at).collect(),
            })
            .collect()
    })
}

fn template(pieces: &[Piece]) -> String {
    let mut resources = serde_json::Map::new();
    for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.there) {
        let needs: Vec<_> = piece
            .needs
            .iter()
            .filter(|need| pieces[**need].there)
            .map(|need| json!({"Ref": format!("R{need}")}))
            .collect();
        let properties = json!({"Size": piece.size, "Fixed": format!("f{}", piece.fixed), "Other": needs});
        resources.insert(format!("R{at}"), json!({"Type": "Test::Thing", "Properties": properties}));
    }
    json!({ "Resources": resources }).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_update_happens_whole_or_not_at_all(
        before in pieces(),
        after in pieces(),
        failing in proptest::option::of((0usize..3, 0usize..6)),
        deaths in proptest::collection::vec(0usize..40, 0..3),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::new();
            let stacks = house.open().await;
            stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": template(&before)})).await;
            let was = house.world.things();
            if let Some((what, id)) = failing {
                house.world.fail(&format!("{} R{id}", ["create", "half-create", "update"][what]));
            }
            let input = json!({"StackName": "s", "TemplateBody": template(&after)});
            for death in deaths {
                let dying = house.open_until(Some(Death::at(death))).await;
                let _ = dying.ask("UpdateStack", input.clone()).await;
                dying.idle().await;
            }
            let stacks = house.open().await;
            stacks.idle().await;
            let _ = stacks.ask("UpdateStack", input.clone()).await;
            stacks.idle().await;
            house.world.heal();
            if stacks.status("s").await == "UPDATE_ROLLBACK_FAILED" {
                stacks.perform("ContinueUpdateRollback", json!({"StackName": "s"})).await;
            }
            let events = summary(&stacks.events("s").await);
            match stacks.status("s").await.as_str() {
                "UPDATE_ROLLBACK_COMPLETE" => assert_eq!(house.world.things(), was, "{events}"),
                "UPDATE_COMPLETE" | "CREATE_COMPLETE" => {
                    let things = house.world.by_logical_id();
                    let wanted: Vec<String> = (0..6).filter(|at| after[*at].there).map(|at| format!("R{at}")).collect();
                    assert_eq!(things.keys().cloned().collect::<Vec<_>>(), wanted, "{events}");
                    for id in &wanted {
                        let piece = &after[id[1..].parse::<usize>().unwrap()];
                        assert_eq!(things[id]["Size"], piece.size, "{events}");
                        assert_eq!(things[id]["Fixed"], format!("f{}", piece.fixed), "{events}");
                    }
                }
                other => panic!("{other}\n{events}"),
            }
            stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
            assert!(house.world.things().is_empty(), "{events}");
        });
    }
}
