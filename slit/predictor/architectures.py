"""What a transformer is made of: the facts that times and energies follow from."""

from dataclasses import dataclass

ROPE_DIM = 64
"""Dimensions of a head that carry the position, in multi-head latent attention (DeepSeek-V3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Layers, their widths and how many there are of each kind.

    A layer of attention and a layer of a network follow each other in most architectures; hybrids
    have fewer layers of attention, and Mamba-2 layers in their place. Where `kv_rank` is set,
    attention is multi-head latent: one compressed vector is kept for each token.
    """

    name: str
    hidden: int
    vocabulary: int
    attention_layers: int
    heads: int
    kv_heads: int
    head_dim: int
    window_layers: int = 0  # of attention_layers: those that look at `window` tokens only
    window: int = 0
    kv_rank: int = 0
    q_rank: int = 0
    dense_layers: int = 0
    ffn: int = 0
    gated: bool = True  # three matrices a network, not two
    moe_layers: int = 0
    experts: int = 0
    experts_per_token: int = 0
    expert_ffn: int = 0
    shared_ffn: int = 0  # width of the network that every token of a layer of experts goes through
    mamba_layers: int = 0
    mamba_heads: int = 0
    mamba_head_dim: int = 0
    mamba_state: int = 0
    mamba_groups: int = 0
    tied: bool = False  # the output layer is the embedding

    @property
    def query_weights(self) -> int:
        """Weights of the projection to queries, of one layer."""
        if not self.kv_rank:
            return self.hidden * self.heads * self.head_dim
        width = self.heads * (self.head_dim + ROPE_DIM)
        if not self.q_rank:
            return self.hidden * width
        return self.q_rank * (self.hidden + width)

    @property
    def key_value_weights(self) -> int:
        """Weights of the projections to keys and values, of one layer."""
        if not self.kv_rank:
            return 2 * self.hidden * self.kv_heads * self.head_dim
        down = self.hidden * (self.kv_rank + ROPE_DIM)
        return down + self.kv_rank * self.heads * 2 * self.head_dim

    @property
    def output_weights(self) -> int:
        """Weights of the projection behind attention, of one layer."""
        return self.heads * self.head_dim * self.hidden

    @property
    def expert_weights(self) -> int:
        """Weights of one expert."""
        return (3 if self.gated else 2) * self.hidden * self.expert_ffn

    @property
    def shared_weights(self) -> int:
        """Weights of a layer of experts that every token reads: the shared expert, the router."""
        if not self.experts:
            return 0
        return (3 if self.gated else 2) * self.hidden * self.shared_ffn + self.hidden * self.experts

    @property
    def dense_weights(self) -> int:
        """Weights of a dense network, of one layer."""
        return (3 if self.gated else 2) * self.hidden * self.ffn

    @property
    def mamba_inner(self) -> int:
        """Channels of a Mamba-2 layer."""
        return self.mamba_heads * self.mamba_head_dim

    @property
    def mamba_weights(self) -> int:
        """Weights of a Mamba-2 layer: projections in (gate, input, B, C, step) and out."""
        inside = 2 * self.mamba_inner + 2 * self.mamba_groups * self.mamba_state + self.mamba_heads
        return self.hidden * (inside + self.mamba_inner)

    @property
    def embedding_weights(self) -> int:
        """Weights of the embedding, and of the output layer where it is another matrix."""
        return self.hidden * self.vocabulary * (1 if self.tied else 2)

    @property
    def attention_weights(self) -> int:
        """Weights of attention, of one layer."""
        return self.query_weights + self.key_value_weights + self.output_weights

    @property
    def parameters(self) -> int:
        """All weights; norms and biases, below 0.1 %, are left out."""
        return (
            self.embedding_weights
            + self.attention_layers * self.attention_weights
            + self.dense_layers * self.dense_weights
            + self.moe_layers * (self.experts * self.expert_weights + self.shared_weights)
            + self.mamba_layers * self.mamba_weights
        )

    @property
    def active_parameters(self) -> int:
        """Weights that one token goes through."""
        idle = (self.experts - self.experts_per_token) * self.expert_weights
        return self.parameters - self.moe_layers * idle

    @property
    def kv_values(self) -> int:
        """Numbers kept for each token, of one layer of attention."""
        if self.kv_rank:
            return self.kv_rank + ROPE_DIM
        return 2 * self.kv_heads * self.head_dim
