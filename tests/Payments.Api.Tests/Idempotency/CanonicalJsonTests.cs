using System.Text;
using Payments.Api.Idempotency;

namespace Payments.Api.Tests.Idempotency;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{ "b" : 1, "a" : "x" }""", """{"a":"x","b":1}""")]
    [InlineData("""{"a":100.00}""", """{"a":100}""")]
    [InlineData("""{"a":1e2,"b":0.10}""", """{"a":100,"b":0.1}""")]
    [InlineData("""{"a":-0.0}""", """{"a":0}""")]
    [InlineData("""{"a":null,"b":[null,{"d":1,"c":2}]}""", """{"b":[null,{"c":2,"d":1}]}""")]
    [InlineData("""{"a":"\u0041\/"}""", """{"a":"A/"}""")]
    [InlineData("""{"a":1e40}""", """{"a":1e40}""")]
    [InlineData("[true,false]", "[true,false]")]
    public void What_means_the_same_has_one_form(string json, string canonical) =>
        Assert.Equal(canonical, Encoding.UTF8.GetString(CanonicalJson.Of(Encoding.UTF8.GetBytes(json))));

    [Theory]
    [InlineData("""{"a":100.01}""")]
    [InlineData("""{"a":"100"}""")]
    [InlineData("""{"A":100}""")]
    [InlineData("""{"a":[100]}""")]
    public void What_means_something_else_has_another(string json) =>
        Assert.NotEqual("""{"a":100}""", Encoding.UTF8.GetString(CanonicalJson.Of(Encoding.UTF8.GetBytes(json))));
}
