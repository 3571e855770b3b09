"""A Ray cluster of two nodes on this machine."""

import pytest


@pytest.fixture(scope="session")
def cluster():
    """Two nodes of three logical cores, begun when a test first asks."""
    from ray.cluster_utils import Cluster

    settings = {"num_cpus": 3, "object_store_memory": 100 << 20, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=settings)
    made.add_node(num_cpus=3, object_store_memory=100 << 20)
    yield made
    made.shutdown()
