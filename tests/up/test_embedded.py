def test_x(db, store, cluster):
    assert cluster.server
def test_y(db, store, cluster):
    assert cluster.server
